"""What libsndfile reads: FLAC, OGG, MP3, AIFF and two dozen others, and WAV with a codec in it."""

from __future__ import annotations

import os
from typing import BinaryIO, Final

import numpy as np
import soundfile

from visaged.audio.decoders.decoder import Notes, SoundForm
from visaged.audio.decoders.scale import described, peak_of, scale_of
from visaged.audio.pcm import Frames

FLOATS: Final = ("FLOAT", "DOUBLE")
_CHUNK: Final = 1 << 16
_SCALE_FRAMES: Final = 1 << 23


class ForwardSoundFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """soundfile seeks after every read to where it is already, which garbles MP3 (its frames lean on those before)."""

    def seekable(self) -> bool:
        return False


class SndfileDecoder:
    """A file that libsndfile opens."""

    def __init__(self, file: BinaryIO) -> None:
        """Takes ``file``. Raises LibsndfileError, OSError, NoScale."""
        self.notes = Notes()
        # By its number: reading through Python's objects costs a call for every few kB. They share one position, so the
        # object goes first.
        descriptor = os.dup(file.fileno())
        file.close()
        os.lseek(descriptor, 0, os.SEEK_SET)
        self._file = ForwardSoundFile(descriptor, closefd=True)
        described_as = f"{self._file.format} {self._file.subtype}"
        self.form = SoundForm(self._file.samplerate, self._file.channels, self._file.frames, described_as)
        self._scale = 1.0
        if self._file.subtype in FLOATS:
            self._scale = scale_of(self._peak())
            if self._scale != 1:
                self.notes.say(described(self._scale))
        self._count = 0

    def read(self, out: Frames) -> int:
        """See Decoder."""
        try:
            count = len(self._file.read(out=out))
        except soundfile.LibsndfileError:
            # A compressed file that is cut in the middle of a frame.
            count = 0
        if self._scale != 1:
            out[:count] *= np.float32(self._scale)
        self._count += count
        if count < len(out) and self._count < self._file.frames:
            self.notes.truncated = True
        return count

    def rewind(self) -> None:
        """See Decoder."""
        self._file.seek(0)
        self._count = 0

    def close(self) -> None:
        """See Decoder."""
        self._file.close()

    def _peak(self) -> float:
        frames = np.zeros((_CHUNK, self.form.channels), np.float32)
        peak, seen = 0.0, 0
        while seen < _SCALE_FRAMES and (count := len(self._file.read(out=frames))):
            peak = max(peak, peak_of(frames[:count]))
            seen += count
        self._file.seek(0)
        return peak
