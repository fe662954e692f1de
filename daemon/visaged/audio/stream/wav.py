"""WAV that arrives bit by bit: several in a row, of unknown length, of changing form."""

from __future__ import annotations

from collections.abc import Iterator

from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.decoder import Notes
from visaged.audio.decoders.wav.chunks import FLOAT, NotWav, WavFormat, walk
from visaged.audio.decoders.wav.samples import WavSamples, is_plain
from visaged.audio.errors import FileUnusable
from visaged.audio.ring import Sound
from visaged.audio.stream.mono import CHUNK, REMEDY, MonoStream, sentences
from visaged.config.sound import Channel


class WavStream:
    """A ``SoundStream`` (sounds.py)."""

    def __init__(self, source: ByteSource, name: str, channel: Channel = "mix") -> None:
        """``name`` is what to call it."""
        self._source, self._name, self._channel = source, name, channel
        self._notes = Notes()
        self._part: _Part | None = None

    @property
    def notices(self) -> list[str]:
        """See SoundStream."""
        return sentences(self._name, self._notes)

    @property
    def channels(self) -> ChannelWatch | None:
        """See SoundStream."""
        return None if self._part is None else self._part.mono.channels

    def sounds(self) -> Iterator[Sound]:
        """See SoundStream."""
        part: _Part | None = None
        try:
            for piece in walk(self._source, self._notes):
                if part is None or piece.format != part.format:
                    if part is not None:
                        yield part.mono.rest()
                    self._part = part = self._begin(piece.format)
                yield from part.convert(piece.data)
        except NotWav as error:
            raise FileUnusable(f"{self._name} cannot be read: {error}", REMEDY) from None
        if part is not None:
            yield part.mono.rest()

    def _begin(self, form: WavFormat) -> _Part:
        if form.channels and not is_plain(form):
            raise FileUnusable(f"{self._name} has samples of codec {form.tag:#x}", REMEDY)
        floats = form.tag == FLOAT
        mono = MonoStream(form.rate_hz, form.channels, self._name, self._notes, channel=self._channel, floats=floats)
        return _Part(form, mono)


class _Part:
    """Sound of one form."""

    def __init__(self, form: WavFormat, mono: MonoStream) -> None:
        self.format, self.mono = form, mono
        self._samples = WavSamples(form, CHUNK)
        self._kept = b""

    def convert(self, data: bytes) -> Iterator[Sound]:
        """What is ready of it; of a frame that is not whole the rest is waited for."""
        data = self._kept + data
        whole = len(data) - len(data) % self.format.frame_bytes
        self._kept = data[whole:]
        step = CHUNK * self.format.frame_bytes
        for at in range(0, whole, step):
            yield self.mono.convert(self._samples.decode(data[at : min(at + step, whole)]))
