"""What FFmpeg reads, through PyAV: M4A, AAC, WebM, AMR, Windows Media, and the sound of films. An extra."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from visaged.audio.decoders.decoder import NoSound, Notes, SoundForm
from visaged.audio.pcm import Frames


def is_there() -> bool:
    """Whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


class MediaDecoder:
    """A file that FFmpeg opens in the form that its first bytes tell.

    It is not asked what it takes the file for: a playlist would make it open other files, and the network.
    """

    def __init__(self, file: BinaryIO, container: str) -> None:
        """Takes ``file``. Raises NoSound, av.FFmpegError."""
        self.notes = Notes()
        self._av: Any = importlib.import_module("av")
        self._file, self._container_format = file, container
        self._container, self._stream = self._open()
        self._ready: Frames = np.zeros((0, 1), np.float32)
        self._taken = 0
        self._decoded = self._frames()
        stream, frames = self._stream, None
        if stream.duration is not None:
            frames = int(stream.duration * stream.time_base * stream.rate)
        elif self._container.duration is not None:
            frames = int(self._container.duration * stream.rate / self._av.time_base)
        self.form = SoundForm(stream.rate, stream.channels, frames, f"{container} {stream.codec_context.name}")

    def read(self, out: Frames) -> int:
        """See Decoder."""
        count = 0
        while count < len(out):
            if self._taken == len(self._ready):
                following = next(self._decoded, None)
                if following is None:
                    break
                self._ready, self._taken = following, 0
                continue
            take = min(len(out) - count, len(self._ready) - self._taken)
            out[count : count + take] = self._ready[self._taken : self._taken + take]
            count += take
            self._taken += take
        return count

    def rewind(self) -> None:
        """See Decoder."""
        self._container.close()
        self._container, self._stream = self._open()
        self._ready, self._taken = self._ready[:0], 0
        self._decoded = self._frames()

    def close(self) -> None:
        """See Decoder."""
        self._container.close()
        self._file.close()

    def _open(self) -> tuple[Any, Any]:
        self._file.seek(0)
        container = self._av.open(self._file, format=self._container_format)
        if not container.streams.audio:
            container.close()
            raise NoSound
        return container, container.streams.audio[0]

    def _frames(self) -> Iterator[Frames]:
        resampler = self._av.AudioResampler(format="flt", layout=self._stream.layout, rate=self._stream.rate)
        channels = self._stream.channels
        try:
            for frame in self._container.decode(self._stream):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().reshape(-1, channels)
        except self._av.FFmpegError:
            self.notes.truncated = True
        with contextlib.suppress(self._av.FFmpegError):
            for part in resampler.resample(None):
                yield part.to_ndarray().reshape(-1, channels)
