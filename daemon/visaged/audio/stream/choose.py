"""Which decoder reads a stream: its first bytes tell."""

from __future__ import annotations

from typing import Final

from visaged.audio.decoders import media
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.wav.chunks import RIFF
from visaged.audio.errors import FileUnusable
from visaged.audio.stream.media import MediaStream
from visaged.audio.stream.mono import REMEDY
from visaged.audio.stream.raw import RawForm, RawStream
from visaged.audio.stream.sndfile import SndfileStream
from visaged.audio.stream.sounds import SoundStream
from visaged.audio.stream.wav import WavStream
from visaged.config.sound import Channel
from visaged.file_kind import HEAD_BYTES, FileKind, kind_of
from visaged.printable import printable

_FIRST_BYTES: Final = 12
_SNDFILE: Final = ("an OGG", "an MP3", "an AIFF")
_SUN_AU: Final = b".snd"
# What FFmpeg reads from front to end; an MP4 has its index at the end.
_MEDIA: Final = {"a FLAC": "flac", "a WebM or Matroska": "matroska", "an AAC stream": "aac"}


def open_sounds(source: ByteSource, name: str, *, raw: RawForm | None = None, channel: Channel = "mix") -> SoundStream:
    """The decoder of what a writer begins with. Waits for its first bytes. Raises FileUnusable: it is no sound."""
    if raw is not None:
        return RawStream(source, name, raw, channel)
    head = source.peek(_FIRST_BYTES)
    if not head:
        raise FileUnusable(f"{name} has ended without a sound", "Pipe a sound into it.")
    if head.startswith(RIFF) and head.startswith(b"WAVE", 8):
        return WavStream(source, name, channel)
    # What more has come by now tells, but is not waited for.
    more = source.read(_FIRST_BYTES) + source.read_some(HEAD_BYTES - _FIRST_BYTES)
    source.unread(more)
    kind = kind_of(more)
    if (kind is not None and kind.name in _SNDFILE) or head.startswith(_SUN_AU) or (kind is None and _is_mp3(head)):
        return SndfileStream(source, name, channel)
    if kind is not None and kind.name in _MEDIA and media.is_there():
        return MediaStream(source, name, _MEDIA[kind.name], channel)
    raise FileUnusable(f"{name} cannot be played: {_what(kind, head)}", REMEDY)


def _what(kind: FileKind | None, head: bytes) -> str:
    if kind is None:
        return (
            f"it begins with '{printable(head.decode('latin-1'), 40)}', which is no sound that is known. "
            "Raw samples need --format, --rate and --channels"
        )
    if kind.name in _MEDIA:
        return f"it is {kind.name}, which takes PyAV: pip install 'visaged[media]'"
    return f"it is {kind.name}"


def _is_mp3(head: bytes) -> bool:
    """Whether it begins with a frame of MPEG audio, layer 3, without a tag before it."""
    return len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 not in (0, 0xF0)
