"""A pipe (standard input, a FIFO) as if it were a microphone: WAV after WAV, in real time, silence in between."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path
from typing import Final

import numpy as np

from visaged.audio.backends.pacing import Pacing
from visaged.audio.decoders.input_file import name_of
from visaged.audio.decoders.pipe import Pipe, open_pipe
from visaged.audio.decoders.wav.stream import WavStream
from visaged.audio.errors import FileUnusable
from visaged.audio.ring import Sound
from visaged.audio.source import Block, SourceFormat
from visaged.clock import RATE_HZ

# A writer that is faster than time is held back from here on; the pipe itself holds some more.
_BUFFER_SAMPLES: Final = RATE_HZ // 2
# Who fell behind begins again when there is this much: one longer pause instead of many short ones.
_CUSHION_SAMPLES: Final = RATE_HZ * 6 // 100
_JOIN_S: Final = 0.5


class StreamSource:
    """Plays what comes, at its own pace: a thread reads and decodes, ``read`` never waits for the writer."""

    def __init__(self, path: Path | str, block_ms: int) -> None:
        self.name = f"file:{'stdin' if name_of(path) == 'standard input' else Path(path).name}"
        self.notices: list[str] = []
        self.fault = self.channels = None
        self._path = path
        self._block_frames = RATE_HZ * block_ms // 1000
        self._pacing = Pacing(self._block_frames)
        self._feeder: _Feeder | None = None

    @property
    def xruns(self) -> int:
        """Blocks that were not fetched in time."""
        return self._pacing.xruns

    def open(self) -> SourceFormat:
        """Begin to read; what is not there yet is waited for in silence. Raises FileUnusable."""
        self._frames = np.zeros((self._block_frames, 1), np.float32)
        self._feeder = _Feeder(open_pipe(self._path), name_of(self._path))
        self._pacing.start()
        return SourceFormat(
            RATE_HZ, 1, self._block_frames, f"pipe, {name_of(self._path)}", hears_room=False, mixed=True
        )

    def read(self) -> Block | None:
        """The next block, when its last sample is due. Raises FileUnusable: what comes is no WAV."""
        assert self._feeder is not None, "read before open"
        due_ns = self._pacing.wait()
        count = self._feeder.take(self._frames[:, 0])
        self._frames[count:] = 0
        self.notices += self._feeder.told()
        return Block(self._frames, due_ns)

    def close(self) -> None:
        """Stop reading."""
        if self._feeder is not None:
            self._feeder.stop()
            self._feeder = None


class _Feeder:
    """The thread that reads, and the sound that it has ready."""

    def __init__(self, pipe: Pipe, name: str) -> None:
        self._pipe, self._name = pipe, name
        self._ready: deque[Sound] = deque()
        self._held = 0
        self._starved, self._ended = True, False
        self._told: deque[str] = deque()
        self._error: FileUnusable | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._feed, name="visaged-pipe", daemon=True)
        self._thread.start()

    def take(self, out: Sound) -> int:
        """Fill ``out`` with what there is. Raises what ended the thread."""
        with self._changed:
            if self._error is not None:
                raise self._error
            if self._starved and self._held < _CUSHION_SAMPLES and not self._ended:
                return 0
            count = 0
            while count < len(out) and self._ready:
                part = self._ready.popleft()
                fits = part[: len(out) - count]
                out[count : count + len(fits)] = fits
                count += len(fits)
                if len(fits) < len(part):
                    self._ready.appendleft(part[len(fits) :])
            self._held -= count
            self._starved = count < len(out)
            self._changed.notify()
            return count

    def told(self) -> list[str]:
        """What is new and worth a word."""
        return [self._told.popleft() for _ in range(len(self._told))]

    def stop(self) -> None:
        """End the thread."""
        self._pipe.stopping.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(_JOIN_S)

    def _feed(self) -> None:
        try:
            self._feed_all()
        except FileUnusable as error:
            with self._changed:
                self._error = error
        finally:
            self._pipe.close()

    def _feed_all(self) -> None:
        """One WAV after the other; standard input has an end, a FIFO waits for the next writer."""
        said: set[str] = set()
        while not self._pipe.stopping.is_set():
            stream = WavStream(self._pipe.read, self._name)
            for sound in stream.sounds():
                self._put(sound)
            with self._changed:
                self._ended = True
            after = "what is written to it next is played" if self._pipe.is_fifo else "silence from here on"
            for notice in (*stream.notices, f"{self._name} has ended: {after}"):
                if notice not in said:
                    said.add(notice)
                    self._told.append(notice)
            if not self._pipe.is_fifo or not self._pipe.wait_for_writer():
                return
            self._ended = False

    def _put(self, sound: Sound) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._held < _BUFFER_SAMPLES or self._pipe.stopping.is_set())
            self._ready.append(sound)
            self._held += len(sound)
