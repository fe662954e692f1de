"""Sound files to files of codec frames and back.

A file of frames is one message as on the wire (codec/frames.py), only longer: the header, then all frames. So
whoever can read the link can read the file.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import soundfile
import soxr

from visaged.audio.file_reader import read_all
from visaged.clock import RATE_HZ
from visaged.codec.frame_codec import CODEC_RATE_HZ, FRAME_MS, Codes
from visaged.codec.frames import CodecMessage, FrameError, decode, encode, frame_bytes
from visaged.codec.models import open_decoder, open_encoder
from visaged.codec.offline import Progress
from visaged.codec.offline import decode as say
from visaged.codec.offline import encode as hear
from visaged.config import Settings
from visaged.files import write_atomic

if TYPE_CHECKING:
    from visaged.codec.mimi import MimiEncoder

# Four hours: 2 MB of frames, and 1.4 GB of sound in memory.
MAX_FRAMES: Final = 4 * 3600 * 1000 // FRAME_MS
SOUND_FORMATS: Final = {".wav": "WAV", ".flac": "FLAC"}


class CodecFileError(Exception):
    """The file cannot be encoded or decoded: names it, says why, and what is accepted."""


@dataclass(frozen=True)
class Done:
    """What was written."""

    frames: int
    codebooks: int
    bytes: int
    precision: str

    @property
    def duration_s(self) -> float:
        """Of the sound."""
        return self.frames * FRAME_MS / 1000


def encode_file(source: Path, target: Path, settings: Settings, roots: Sequence[Path], progress: Progress) -> Done:
    """Sound to frames; ``target`` appears when it is whole.

    Raises FileUnusable (the sound), NoPackageError, SessionError, CodecFileError, OSError (``target``).
    """
    codes, encoder = read_sound(source, settings, roots, progress)
    data = encode(CodecMessage(stream_id=0, sequence=0, codes=codes, reset=True), MAX_FRAMES)
    write_atomic(target, data)
    return Done(len(codes), encoder.codebooks, len(data), encoder.precision)


def read_sound(
    source: Path, settings: Settings, roots: Sequence[Path], progress: Progress
) -> tuple[Codes, MimiEncoder]:
    """The frames of a sound file, uint16 [n, codebooks], and what heard them.

    Raises FileUnusable, NoPackageError, SessionError, CodecFileError.
    """
    sound = soxr.resample(read_all(source), RATE_HZ, CODEC_RATE_HZ, quality="VHQ")
    if not len(sound):
        raise CodecFileError(f"'{source}' has no sound in it")
    if len(sound) * 1000 > MAX_FRAMES * FRAME_MS * CODEC_RATE_HZ:
        raise CodecFileError(f"'{source}' is longer than {MAX_FRAMES * FRAME_MS // 3_600_000} hours; cut it in pieces")
    encoder = open_encoder(settings, roots)
    return hear(encoder, sound, progress), encoder


def decode_file(source: Path, target: Path, settings: Settings, roots: Sequence[Path], progress: Progress) -> Done:
    """Frames to sound, 24 kHz, 16 bits; ``target`` appears when it is whole.

    Raises NoPackageError, SessionError, CodecFileError (not such a file), OSError (either file).
    """
    message = read_frames(source)
    # The file says how many codebooks it has; a package that has more serves as well.
    codec = settings.codec.model_copy(update={"codebooks": message.codebooks})
    decoder = open_decoder(settings.model_copy(update={"codec": codec}), roots)
    file = io.BytesIO()
    sound = say(decoder, message.codes, progress)
    soundfile.write(file, sound, CODEC_RATE_HZ, format=SOUND_FORMATS[target.suffix.lower()], subtype="PCM_16")
    write_atomic(target, file.getvalue())
    return Done(len(message.codes), message.codebooks, len(file.getvalue()), decoder.precision)


def read_frames(source: Path) -> CodecMessage:
    """A file of frames. Raises CodecFileError, OSError."""
    longest = frame_bytes(32) * MAX_FRAMES + 64
    with source.open("rb") as file:
        data = file.read(longest + 1)
    try:
        message = decode(data, MAX_FRAMES)
    except FrameError as error:
        raise CodecFileError(f"'{source}' is not a file of codec frames: {error}") from None
    if not len(message.codes):
        raise CodecFileError(f"'{source}' has no frames in it")
    return message
