"""The commands about recordings of the live face."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from visaged.app.recorder import Recorder, RecorderError, RunningError, TakeState, UnknownTakeError
from visaged.app.stages import Stages
from visaged.control.protocol.commands import recording as r
from visaged.control.protocol.envelope import Nothing
from visaged.control.protocol.refusal import Refusal
from visaged.control.registry import Registry

# An answer stays within what a broker carries.
_MOST_LISTED = 200


class RecordingCommands:
    """Control thread."""

    def __init__(self, recorder: Recorder, stages: Stages) -> None:
        self._recorder = recorder
        self._stages = stages

    def serve(self, registry: Registry) -> None:
        """Register them."""
        registry.serve(r.RECORD_START, self.start)
        registry.serve(r.RECORD_STOP, self.stop)
        registry.serve(r.RECORD_LIST, self.list)
        registry.serve(r.RECORD_REMOVE, self.remove)

    def start(self, request: r.RecordStart) -> r.Take:
        """From the next pose on."""
        with _refusals("name"):
            rate_hz = self._stages.output.schedule.rate_hz
            return _take(self._recorder.start(request.name, request.seconds, rate_hz))

    def stop(self, request: r.RecordStop) -> r.Take:
        """The file is whole when this answers."""
        take = self._recorder.stop()
        if take is None:
            raise Refusal("refused", "nothing is being recorded; record.start begins a take")
        return _take(take)

    def list(self, request: r.RecordList) -> r.Takes:
        """The newest of them."""
        with _refusals(None):
            takes = [_take(take) for take in self._recorder.takes()]
        return r.Takes(takes=tuple(takes[-_MOST_LISTED:]), bytes=sum(take.bytes for take in takes))

    def remove(self, request: r.RecordRemove) -> Nothing:
        """One of them."""
        with _refusals("name"):
            self._recorder.remove(request.name)
        return Nothing()


def _take(take: TakeState) -> r.Take:
    try:
        size = take.file.stat().st_size
    except OSError:
        size = 0
    return r.Take(
        name=take.file.stem,
        file=str(take.file),
        running=take.running,
        fps=str(take.fps) if take.fps else None,
        frames=take.frames,
        seconds=round(float(take.frames / take.fps), 3) if take.fps else 0.0,
        lost=take.lost,
        bytes=size,
        time=take.began,
        problem=take.problem,
    )


@contextmanager
def _refusals(field: str | None) -> Iterator[None]:
    """What the recorder raises, as Refusal."""
    try:
        yield
    except RunningError as error:
        raise Refusal("busy", str(error)) from None
    except UnknownTakeError as error:
        raise Refusal("not_found", str(error), field) from None
    except RecorderError as error:
        raise Refusal("refused", str(error), field) from None
    except OSError as error:
        raise Refusal("failed", f"the disk refuses it: {error.strerror or error}") from None
