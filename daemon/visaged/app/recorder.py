"""Records the face as it is sent to a CSV in the box's own folder: one take at a time, on a thread of its own."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import IO, Final

from visaged.animation.history import PoseHistory
from visaged.clock import NS_PER_S
from visaged.guard import once
from visaged.instance import suffixed
from visaged.problems import Problems
from visaged.recording.csv_file import HEAD, row
from visaged.system.last_end import state_folder

log = logging.getLogger(__name__)

MOST_BYTES: Final = 2 << 30
"""Of all takes together: three hours at 60 fps."""
KEEP_FREE_BYTES: Final = 200 << 20
"""Of the disk, for everything else."""
MOST_TAKES: Final = 1000

# History keeps 5 s; a busy disk may take one of them.
_EVERY_S: Final = 0.5
_REMEDY: Final = "Remove recordings (visaged send record.remove), or make room; what was recorded is kept"


def recordings_folder() -> Path:
    """In the service's state folder; of a daemon that a person started, in theirs (XDG base directories)."""
    state = state_folder()
    if state is None:
        own = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
        state = Path(own) / suffixed("visaged")
    return state / "recordings"


class RecorderError(Exception):
    """It cannot be recorded; the message says why and what to do."""


class RunningError(RecorderError):
    """One take is running."""


class UnknownTakeError(RecorderError):
    """There is no such take."""


@dataclass(frozen=True)
class TakeState:
    """One take, as it is now."""

    file: Path
    began: datetime
    fps: Fraction
    until_frames: int
    running: bool = True
    frames: int = 0
    """From the first to the last, those that were not there in between included."""
    lost: int = 0
    problem: str | None = None


class Recorder:
    """``start`` and ``stop`` a take: the control thread. Reads ``history``, which the animator fills."""

    def __init__(self, folder: Path, history: PoseHistory, problems: Problems) -> None:
        """``folder`` is made when the first take is."""
        self.folder = folder
        self._history = history
        self._problems = problems
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._take: TakeState | None = None

    @property
    def take(self) -> TakeState | None:
        """The one that is running, or ran last."""
        return self._take

    def start(self, name: str | None, seconds: float, fps: Fraction) -> TakeState:
        """Record from the next pose on, for ``seconds`` at most. Raises RecorderError, with nothing changed."""
        if self._thread is not None and self._thread.is_alive():
            assert self._take is not None
            raise RunningError(f"'{self._take.file.stem}' is being recorded; end it with record.stop")
        name = name or datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        file = self.folder / f"{name}.csv"
        try:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._check_room()
            stream = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640), "w")
        except FileExistsError:
            raise RecorderError(f"there is a take '{name}' already; choose another name, or remove it") from None
        except OSError as error:
            raise RecorderError(f"{file}: {error.strerror}") from None
        take = TakeState(file, datetime.now(timezone.utc), fps, max(round(seconds * fps), 1))
        self._take = take
        self._stop.clear()
        self._problems.clear("recording")
        writer = _Writer(stream, take, self._history.count)
        self._thread = once(lambda: self._record(writer), "recorder", self._problems, _REMEDY)
        self._thread.start()
        return take

    def stop(self) -> TakeState | None:
        """End the take that is running; None when there was none. Returns when the file is whole."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return None
        self._stop.set()
        thread.join()
        return self._take

    def takes(self) -> list[TakeState]:
        """All on the disk, the oldest first; those of earlier runs with what their files say."""
        found = []
        for file in sorted(self._files(), key=lambda one: one.stat().st_mtime):
            if self._take is not None and file == self._take.file:
                found.append(self._take)
                continue
            began = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
            found.append(TakeState(file, began, Fraction(0), 0, running=False))
        return found

    def remove(self, name: str) -> None:
        """Remove a take. Raises RecorderError."""
        file = self.folder / f"{name}.csv"
        if self._take is not None and self._take.file == file and self._take.running:
            raise RunningError(f"'{name}' is being recorded; end it with record.stop first")
        try:
            file.unlink()
        except FileNotFoundError:
            raise UnknownTakeError(f"there is no take '{name}'; record.list names them") from None
        except OSError as error:
            raise RecorderError(f"{file}: {error.strerror}") from None
        self._problems.clear("recording")

    def _files(self) -> list[Path]:
        return [file for file in self.folder.glob("*.csv") if file.is_file() and not file.is_symlink()]

    def _check_room(self) -> None:
        files = self._files()
        if len(files) >= MOST_TAKES or sum(file.stat().st_size for file in files) >= MOST_BYTES:
            raise RecorderError(f"{len(files)} takes fill the folder of {MOST_BYTES >> 30} GiB; remove some")
        if shutil.disk_usage(self.folder).free < KEEP_FREE_BYTES:
            raise RecorderError(f"less than {KEEP_FREE_BYTES >> 20} MiB of the disk are free; make room")

    def _record(self, writer: _Writer) -> None:
        try:
            with writer.stream:
                writer.begin()
                while not self._stop.wait(_EVERY_S) and not writer.is_full:
                    self._take = writer.write(self._history)
                    if shutil.disk_usage(self.folder).free < KEEP_FREE_BYTES:
                        # As the disk would say it.
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._take = writer.write(self._history)
        except OSError as error:
            # The rows before are whole: the last one that is not is cut off.
            writer.cut()
            problem = f"the disk refuses it: {error.strerror}"
            self._take = replace(writer.take, problem=problem)
            what = f"recording '{writer.take.file.stem}' ended early: {problem}"
            self._problems.open("recording", what, _REMEDY)
        finally:
            assert self._take is not None
            self._take = replace(self._take, running=False)
            log.info("recorded %s: %d frames", self._take.file, self._take.frames)


class _Writer:
    """From the history to rows."""

    def __init__(self, stream: IO[str], take: TakeState, first: int) -> None:
        self.stream = stream
        self.take = take
        self._next = first
        self._began_ns: int | None = None
        # The app writes the time of the day; two takes of one scene can be laid side by side.
        self._frame = round(_seconds_of_day() * take.fps)
        self._whole = 0

    @property
    def is_full(self) -> bool:
        return self.take.frames >= self.take.until_frames

    def begin(self) -> None:
        self.stream.write(HEAD)
        self._flush()

    def write(self, history: PoseHistory) -> TakeState:
        """Append what is there since the last time."""
        poses = history.since(self._next)
        self._next = poses.end
        frames, fps = self.take.frames, self.take.fps
        for due_ns, pose in zip(poses.due_ns.tolist(), poses.curves.tolist(), strict=True):
            if self._began_ns is None:
                self._began_ns = due_ns
            frame = round((due_ns - self._began_ns) * fps / NS_PER_S)
            if frame >= self.take.until_frames:
                frames = self.take.until_frames
                break
            self.stream.write(row(self._frame + frame, fps, pose))
            frames = frame + 1
        self._flush()
        self.take = replace(self.take, frames=frames, lost=self.take.lost + poses.lost)
        return self.take

    def cut(self) -> None:
        """Take back what was written in part."""
        with open(self.take.file, "rb+") as file:  # noqa: PTH123 - as the stream was opened
            file.truncate(self._whole)

    def _flush(self) -> None:
        self.stream.flush()
        self._whole = os.fstat(self.stream.fileno()).st_size


def _seconds_of_day() -> float:
    wall_s = time.time()
    now = time.localtime(wall_s)
    return now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec + wall_s % 1
