"""OGG, MP3 and AIFF that arrive bit by bit, through libsndfile.

libsndfile reads from a descriptor and waits for as long as that has nothing. So it gets a pipe of our own, whose other
end can be closed. It asks for some 4 kB at a time: of OGG at 64 kbit/s that is half a second. Who wants to be heard
sooner sends WAV or raw samples.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Final

import numpy as np
import soundfile

from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.decoder import Notes
from visaged.audio.decoders.sndfile import FLOATS, ForwardSoundFile
from visaged.audio.errors import AudioError, FileUnusable
from visaged.audio.ring import Sound
from visaged.audio.stream.mono import REMEDY, MonoStream, sentences
from visaged.config.sound import Channel

_FRAMES: Final = 1024
_PIECE_BYTES: Final = 4096


class SndfileStream:
    """A ``SoundStream`` (sounds.py)."""

    def __init__(self, source: ByteSource, name: str, channel: Channel = "mix") -> None:
        self._source, self._name, self._channel = source, name, channel
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

    def sounds(self) -> Iterator[Sound]:
        """See SoundStream."""
        reading, writing = os.pipe()
        copier = threading.Thread(target=self._copy, args=(writing,), name="visaged-pipe-copy", daemon=True)
        copier.start()
        try:
            # From here on the descriptor is the file's: it closes it, also when it cannot be opened.
            with ForwardSoundFile(reading, closefd=True) as file:
                yield from self._decode(file)
        except soundfile.LibsndfileError as error:
            self._source.abandon()
            raise FileUnusable(f"{self._name} cannot be played: {error.error_string}", REMEDY) from None
        except AudioError:
            self._source.abandon()
            raise
        finally:
            # Nobody else may read from the source before.
            copier.join()

    def _decode(self, file: soundfile.SoundFile) -> Iterator[Sound]:
        self._mono = mono = MonoStream(
            file.samplerate,
            file.channels,
            self._name,
            self._notes,
            channel=self._channel,
            floats=file.subtype in FLOATS,
        )
        frames = np.zeros((_FRAMES, file.channels), np.float32)
        while True:
            try:
                count = len(file.read(out=frames))
            except soundfile.LibsndfileError:
                # Cut in the middle of a frame.
                self._notes.truncated, count = True, 0
            if not count:
                break
            yield mono.convert(frames[:count])
        yield mono.rest()

    def _copy(self, writing: int) -> None:
        try:
            with os.fdopen(writing, "wb", buffering=0) as pipe:
                while data := self._source.read_some(_PIECE_BYTES):
                    pipe.write(data)
        except BrokenPipeError:
            pass
