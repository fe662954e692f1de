"""Samples without a header: what ``arecord -t raw``, ``parec`` and ``ffmpeg -f s16le`` write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.decoder import Notes
from visaged.audio.errors import FileUnusable
from visaged.audio.pcm import PcmDecoder
from visaged.audio.ring import Sound
from visaged.audio.stream.mono import CHUNK, MonoStream, sentences
from visaged.config.sound import Channel

# 50 ms of mono 16 bits at 48 kHz: a writer that has its sound ready need not cost a call for each sample.
_PIECE_BYTES: Final = 4800


class RawForm(NamedTuple):
    """How the samples lie."""

    sample_format: str
    """A name of ALSA: S16_LE."""
    rate_hz: int
    channels: int


class RawStream:
    """A ``SoundStream`` (sounds.py)."""

    def __init__(self, source: ByteSource, name: str, form: RawForm, channel: Channel = "mix") -> None:
        """Raises FileUnusable: a rate or a count of channels that cannot be."""
        self._source, self._name = source, name
        self._notes = Notes()
        floats = form.sample_format == "FLOAT_LE"
        self._mono = MonoStream(form.rate_hz, form.channels, name, self._notes, channel=channel, floats=floats)
        self._decoder = PcmDecoder(form.sample_format, form.channels, CHUNK)

    @property
    def notices(self) -> list[str]:
        """See SoundStream."""
        return sentences(self._name, self._notes)

    @property
    def channels(self) -> ChannelWatch | None:
        """See SoundStream."""
        return self._mono.channels

    def sounds(self) -> Iterator[Sound]:
        """See SoundStream. Half a sample at the end was cut off with its writer, and is left out."""
        kept, frame_bytes, heard = b"", self._decoder.frame_bytes, False
        while more := self._source.read_some(_PIECE_BYTES):
            data = kept + more
            whole = len(data) - len(data) % frame_bytes
            kept = data[whole:]
            for at in range(0, whole, CHUNK * frame_bytes):
                heard = True
                yield self._mono.convert(self._decoder.decode(data[at : min(at + CHUNK * frame_bytes, whole)]))
        if not heard:
            raise FileUnusable(f"{self._name} has ended without a sound", "Pipe a sound into it.")
        yield self._mono.rest()
