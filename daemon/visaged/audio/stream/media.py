"""FLAC, WebM (what a browser records) and AAC that arrive bit by bit, through PyAV. An extra."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.decoder import Notes
from visaged.audio.errors import FileUnusable
from visaged.audio.ring import Sound
from visaged.audio.stream.mono import REMEDY, MonoStream, sentences
from visaged.config.sound import Channel
from visaged.printable import printable

# FFmpeg looks at megabytes first, which of a live voice are minutes.
_OPTIONS: Final = {"probesize": "4096", "analyzeduration": "0"}
_BUFFER_BYTES: Final = 4096


class MediaStream:
    """A ``SoundStream`` (sounds.py) in the container that FFmpeg calls ``container``; PyAV is there."""

    def __init__(self, source: ByteSource, name: str, container: str, channel: Channel = "mix") -> None:
        self._source, self._name, self._container, self._channel = source, name, container, channel
        self._notes = Notes()
        self._mono: MonoStream | None = None

    @property
    def notices(self) -> list[str]:
        """See SoundStream."""
        return sentences(self._name, self._notes)

    @property
    def channels(self) -> ChannelWatch | None:
        """See SoundStream."""
        return None if self._mono is None else self._mono.channels

    def read(self, count: int) -> bytes:
        """What PyAV calls: of a file it needs no more than this."""
        return self._source.read_some(count)

    def sounds(self) -> Iterator[Sound]:
        """See SoundStream."""
        av: Any = importlib.import_module("av")
        try:
            container = av.open(self, format=self._container, options=_OPTIONS, buffer_size=_BUFFER_BYTES, mode="r")
            with container:
                yield from self._decode(av, container)
        except FileUnusable:
            raise
        # By turns FFmpeg's errors are PyAV's own, OSError, ValueError and others.
        except (av.FFmpegError, ValueError, OSError, LookupError) as error:
            raise FileUnusable(f"{self._name} cannot be played: {printable(str(error), 200)}", REMEDY) from None

    def _decode(self, av: Any, container: Any) -> Iterator[Sound]:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout=stream.layout, rate=stream.rate)
        self._mono = mono = MonoStream(stream.rate, stream.channels, self._name, self._notes, channel=self._channel)
        for frame in container.decode(stream):
            for part in resampler.resample(frame):
                yield from mono.pieces(np.ascontiguousarray(part.to_ndarray().reshape(-1, stream.channels)))
        yield mono.rest()
