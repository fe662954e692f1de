"""A sound file of any rate and channel count as one run of mono 48 kHz samples. Live input and render both read it."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from visaged.audio.convert import MonoConverter
from visaged.audio.errors import FileUnusable
from visaged.audio.ring import Sound
from visaged.clock import RATE_HZ

MAX_CHANNELS: Final = 8
# Frames per read of the file: 85 ms at 48 kHz, large enough that the calls do not count.
_CHUNK: Final = 4096
_ACCEPTED: Final = "WAV, FLAC, OGG or MP3 with 1 to 8 channels at 4 to 384 kHz"


class _Forward(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """soundfile seeks after every read to where it is already, which garbles MP3 (its frames lean on those before)."""

    def seekable(self) -> bool:
        return False


class FileReader:
    """Reads forward. Not paced: as fast as it is asked."""

    def __init__(self, path: Path | str, *, gain_db: float = 0.0, loop: bool = False) -> None:
        """Opens the file. Raises FileUnusable: missing, not a sound file, empty, an impossible rate, > 8 channels."""
        self.path = Path(path)
        self.loop = loop
        remedy = f"Give a sound file: {_ACCEPTED}."
        if not self.path.is_file():
            raise FileUnusable(f"there is no file '{path}'", remedy)
        try:
            self._file = _Forward(str(self.path))
        except (soundfile.LibsndfileError, OSError) as error:
            raise FileUnusable(f"'{path}' cannot be read: {error}", remedy) from None
        file = self._file
        wrong = None
        if not 4_000 <= file.samplerate <= 384_000:
            wrong = f"a rate of {file.samplerate} Hz"
        elif file.channels > MAX_CHANNELS:
            wrong = f"{file.channels} channels"
        elif file.frames <= 0:
            wrong = "no sound in it"
        if wrong:
            file.close()
            raise FileUnusable(f"'{path}' has {wrong}", remedy)
        self.description = f"{self.path.name}, {file.samplerate} Hz, {file.channels} ch, {file.format} {file.subtype}"
        self.duration_s: float = file.frames / file.samplerate
        """By its header; a truncated file is shorter."""
        self.truncated = _wav_is_cut(self.path)
        """Whether there is less in it than its header says; for formats other than WAV known when the end is met."""
        self._frames = np.zeros((_CHUNK, file.channels), np.float32)
        self._converter = MonoConverter(file.samplerate, file.channels, _CHUNK, gain_db, live=False)
        self._ready: Sound = np.zeros(0, np.float32)
        self._taken = 0
        self._frames_read = 0
        self._ended = False

    @property
    def bad_samples(self) -> int:
        """NaN and infinities in the file that were replaced by silence."""
        return self._converter.bad_samples

    def read(self, out: Sound) -> int:
        """Fill ``out`` (float32 [n], 48 kHz); returns how many samples, fewer than ``len(out)`` only at the end."""
        count = 0
        while count < len(out):
            if self._taken == len(self._ready):
                if self._ended:
                    break
                # Copied, because what the converter returns is its own memory where no resampling is needed.
                self._ready, self._taken = self._next_chunk().copy(), 0
                continue
            take = min(len(out) - count, len(self._ready) - self._taken)
            out[count : count + take] = self._ready[self._taken : self._taken + take]
            count += take
            self._taken += take
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _next_chunk(self) -> Sound:
        """The next samples at 48 kHz. A loop goes on within the chunk and the resampler's stream: no seam is heard."""
        filled = self._read_frames(0)
        while filled < _CHUNK and self.loop and self._frames_read:
            self._file.seek(0)
            self._frames_read = 0
            filled += self._read_frames(filled)
        self._ended = filled < _CHUNK
        return self._converter.convert(self._frames[:filled], last=self._ended)

    def _read_frames(self, at: int) -> int:
        try:
            got = len(self._file.read(out=self._frames[at:]))
        except soundfile.LibsndfileError:
            # A compressed file that is cut in the middle of a frame.
            got = 0
        self._frames_read += got
        if at + got < _CHUNK and self._frames_read < self._file.frames:
            self.truncated = True
        return got


def read_all(path: Path | str) -> Sound:
    """The whole file as float32 [n], mono 48 kHz. Raises FileUnusable."""
    reader = FileReader(path)
    parts = []
    try:
        while True:
            part = np.zeros(RATE_HZ, np.float32)
            count = reader.read(part)
            parts.append(part[:count])
            if count < len(part):
                return np.concatenate(parts)
    finally:
        reader.close()


def read_native(path: Path | str) -> tuple[Sound, int]:
    """The whole file as mono float32 [n] at its own rate, and that rate in Hz. Raises FileUnusable."""
    FileReader(path).close()  # what cannot be read is refused there
    parts: list[Sound] = []
    # Of a compressed file that is cut off, what is there.
    with _Forward(str(path)) as file, contextlib.suppress(soundfile.LibsndfileError):
        while len(frames := file.read(_CHUNK, dtype="float32", always_2d=True)):
            parts.append(frames.mean(axis=1))
    mono = np.concatenate(parts or [np.zeros(0, np.float32)])
    mono[~np.isfinite(mono)] = 0
    return mono, file.samplerate


def _wav_is_cut(path: Path) -> bool:
    """Whether a RIFF file is shorter than its header says (libsndfile corrects the length without a word)."""
    with path.open("rb") as file:
        header = file.read(8)
    if len(header) < 8 or not header.startswith(b"RIFF"):
        return False
    (size,) = struct.unpack("<I", header[4:])
    # A writer that did not know the length in advance (a pipe) leaves one of these.
    return size not in (0, 0xFFFFFFFF) and path.stat().st_size < size + 8
