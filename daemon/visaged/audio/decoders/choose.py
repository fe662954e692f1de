"""Which decoder reads a file: its first bytes tell, not its name."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import BinaryIO, Final

import soundfile

from visaged.audio.decoders import media
from visaged.audio.decoders.decoder import Decoder, NoSound
from visaged.audio.decoders.input_file import REMEDY, is_stdin, name_of
from visaged.audio.decoders.scale import NoScale
from visaged.audio.decoders.sndfile import SndfileDecoder
from visaged.audio.decoders.wav.chunks import RIFF, NotWav
from visaged.audio.decoders.wav.decoder import NotPlain, WavDecoder
from visaged.audio.errors import FileUnusable
from visaged.file_kind import HEAD_BYTES, FileKind, kind_of
from visaged.printable import printable

# Kinds that libsndfile reads; it reads others, too, that are not known by their first bytes.
_SNDFILE: Final = ("a WAV", "a FLAC", "an OGG", "an AIFF", "an MP3")


def open_decoder(file: BinaryIO, path: Path | str) -> Decoder:
    """Takes ``file``, open at its beginning; ``path`` is what to call it. Raises FileUnusable, with the file closed."""
    name = name_of(path)
    head = file.read(HEAD_BYTES)
    kind = kind_of(head)
    try:
        if kind is None or kind.name in _SNDFILE:
            return _open_sound(file, is_wav=head.startswith(RIFF) and head.startswith(b"WAVE", 8))
        if kind.ffmpeg and media.is_there():
            return _open_media(file, path, kind)
    except NoSound:
        wrong, remedy = f"{name} has no sound in it", REMEDY
    except NoScale as error:
        wrong, remedy = f"{name} has {error}", "Write it again with full scale at 1."
    except (NotWav, OSError) as error:
        wrong, remedy = f"{name} cannot be read: {error}", REMEDY
    except soundfile.LibsndfileError as error:
        begins = "" if kind else f" It begins with '{printable(head[:16].decode('latin-1'), 40)}'"
        wrong, remedy = f"{name} cannot be read: {error.error_string}{begins}", REMEDY
    except FileUnusable:
        file.close()
        raise
    else:
        wrong, remedy = f"{name} cannot be read: it is {kind.name}", f"{kind.advice} {REMEDY}".lstrip()
        if kind.ffmpeg:
            wrong += ", which takes PyAV: pip install 'visaged[media]'"
            remedy = f"Or convert it: {_conversion(path)}"
    file.close()
    raise FileUnusable(wrong, remedy)


def _open_sound(file: BinaryIO, *, is_wav: bool) -> Decoder:
    if is_wav:
        try:
            return WavDecoder(file)
        except NotPlain:
            pass
    return SndfileDecoder(file)


def _open_media(file: BinaryIO, path: Path | str, kind: FileKind) -> Decoder:
    try:
        return media.MediaDecoder(file, kind.ffmpeg)
    except NoSound:
        raise
    # By turns FFmpeg's errors are PyAV's own, OSError, ValueError and others.
    except Exception as error:
        raise FileUnusable(
            f"{name_of(path)} cannot be read as {kind.name}: {printable(str(error), 200)}",
            f"Convert it: {_conversion(path)}",
        ) from error


def _conversion(path: Path | str) -> str:
    """The command that makes a WAV of it."""
    if is_stdin(path):
        return "put 'ffmpeg -i - -f wav -' before visaged in the pipe"
    made = Path(path).with_name(f"{Path(path).stem}-48k.wav")
    return f"ffmpeg -i {shlex.quote(str(path))} -ac 1 -ar 48000 {shlex.quote(str(made))}"
