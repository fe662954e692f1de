"""A worker's process: jobs as lines of JSON on its standard input, progress and answers as lines on its output.

A job is ``{"kind": "blendshapes" | "render", "path", "out", "settings", "pcm", …}``; an answer ``{"done": {…}}`` or
``{"error": {"code", "message", "field"}}``. What was made lies in the file ``out``. It ends when its input does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

from visaged.realtime import die_with, go_background, name_process

LONGEST_S: Final = 600.0
"""Of sound."""
_SOONEST_PROGRESS: Final = 0.02


class JobError(Exception):
    """A job that cannot be done; ``args``: code, message, field."""


class SolvingWorker:
    """Does one job after the other; what is open stays open for the next."""

    def __init__(self, roots: tuple[Path, ...], out: TextIO) -> None:
        self._roots = roots
        self._out = out
        self._maker: Any = None

    def do(self, job: dict[str, Any]) -> None:
        """Do it and answer."""
        try:
            self._say(done=self._done(job))
        except JobError as error:
            code, message, field = error.args
            self._say(error={"code": code, "message": message, "field": field})
        except MemoryError:
            self._say(error={"code": "too_large", "message": "this box has no memory for so much", "field": "body"})

    def _done(self, job: dict[str, Any]) -> dict[str, Any]:
        from visaged.audio.errors import FileUnusable  # noqa: PLC0415
        from visaged.inference.errors import SessionError  # noqa: PLC0415
        from visaged.recording import RecordingError  # noqa: PLC0415
        from visaged.render.offline import OfflineError  # noqa: PLC0415
        from visaged.web.solving.work import blendshapes, render_file  # noqa: PLC0415

        work = {"blendshapes": blendshapes, "render": render_file}[job["kind"]]
        try:
            if job["pcm"] is not None:
                _put_header_before(Path(job["path"]), **job["pcm"])
            return work(job, self._roots, self._progress())
        except FileUnusable as error:
            words = str(error).replace(f"'{job['path']}'", "the sound").replace(job["path"], "the sound")
            raise JobError("invalid", f"{words}. {error.remedy}", "body") from None
        except OfflineError as error:
            raise JobError("invalid", str(error).replace(f"'{job['path']}'", "the sound"), "body") from None
        except (SessionError, RecordingError) as error:
            raise JobError("failed", str(error), None) from None

    def _progress(self) -> Callable[[float], None]:
        told = 0.0

        def tell(share: float) -> None:
            nonlocal told
            if share - told >= _SOONEST_PROGRESS:
                told = share
                self._say(progress=round(min(share, 1.0), 3))

        return tell

    def _say(self, **message: Any) -> None:
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()


def _put_header_before(path: Path, rate_hz: int, channels: int) -> None:
    """Make a WAV of raw samples, in place."""
    raw = path.read_bytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(raw[: len(raw) // (2 * channels) * 2 * channels])


def main() -> None:
    """The process. Arguments: the web process's pid, folders of model packages."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    die_with(int(sys.argv[1]))
    name_process(b"visaged-solving")
    # Behind the web process, which stands behind the daemon.
    go_background()
    # What a library prints must not come between the answers.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = SolvingWorker(tuple(Path(root) for root in sys.argv[2:]), out)
    for line in sys.stdin:
        worker.do(json.loads(line))
