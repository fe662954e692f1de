"""A voice that comes over a WebSocket, on its way to the daemon: a WAV stream into the FIFO of backend ``network``.

What it does not take at once is waited for: then the socket is not read, and the sender's network holds it back.
"""

from __future__ import annotations

import asyncio
import errno
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visaged.instance import network_voice
from visaged.web.errors import HttpRefusal

MAX_PIECE: Final = 1 << 16
"""Bytes of one message: 1.4 s at 24 kHz."""
# Of a WAV stream whose length nobody knows.
_ENDLESS: Final = 0xFFFFFFFF
_LOOK_S: Final = 0.01
# The daemon takes four seconds ahead; one that takes nothing for so long has another input by now.
_STUCK_S: Final = 20.0


class VoiceForm(BaseModel):
    """The first message: how the samples lie. They are signed 16-bit, little-endian, channels interleaved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate_hz: Annotated[int, Field(ge=8000, le=192_000)] = 24_000
    channels: Annotated[int, Field(ge=1, le=2)] = 1

    @property
    def header(self) -> bytes:
        """Of a WAV file without an end (RIFF, PCM)."""
        frame = 2 * self.channels
        form = struct.pack("<HHIIHH", 1, self.channels, self.rate_hz, self.rate_hz * frame, frame, 16)
        return (
            b"RIFF"
            + struct.pack("<I", _ENDLESS)
            + b"WAVEfmt "
            + struct.pack("<I", len(form))
            + form
            + b"data"
            + struct.pack("<I", _ENDLESS)
        )


def read_form(text: str) -> VoiceForm:
    """The first message. Raises HttpRefusal."""
    try:
        return VoiceForm.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or None
        accepted = "expected JSON with rate_hz (8000 to 192000) and channels (1 or 2)"
        raise HttpRefusal("invalid", f"{field or 'the first message'}: {first['msg']}; {accepted}", field) from None


class VoiceDoor:
    """One voice at a time."""

    def __init__(self, path: Path | None = None) -> None:
        """``path``: of the FIFO; None: the daemon's own."""
        self._path = path
        self._taken = False

    @contextmanager
    def open(self, form: VoiceForm) -> Iterator[VoiceWriter]:
        """Begin to speak. Raises HttpRefusal: somebody does, or the box does not listen here."""
        if self._taken:
            raise HttpRefusal("busy", "somebody else speaks to this box now")
        try:
            descriptor = os.open(self._path or network_voice(), os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            message = 'the box does not listen here: set audio.input.backend = "network" in its own file'
            raise HttpRefusal("unavailable", message, "audio.input.backend") from None
        self._taken = True
        try:
            yield VoiceWriter(descriptor, form)
        finally:
            self._taken = False
            os.close(descriptor)


class VoiceWriter:
    """Writes to the FIFO without ever blocking the event loop."""

    def __init__(self, descriptor: int, form: VoiceForm) -> None:
        self._descriptor = descriptor
        self._frame = 2 * form.channels
        self._waiting = form.header

    async def write(self, piece: bytes) -> None:
        """Hand on whole samples. Raises HttpRefusal: no samples, or nobody takes them any more."""
        if len(piece) > MAX_PIECE:
            raise HttpRefusal("too_large", f"{len(piece)} bytes in a message, at most {MAX_PIECE} are taken")
        if len(piece) % self._frame:
            raise HttpRefusal("invalid", f"{len(piece)} bytes are no whole samples of {self._frame} bytes")
        self._waiting += piece
        waited_s = 0.0
        while self._waiting:
            try:
                done = os.write(self._descriptor, self._waiting[:4096])
            except BlockingIOError:
                if waited_s >= _STUCK_S:
                    raise HttpRefusal("unavailable", "the box does not take the voice any more") from None
                waited_s += _LOOK_S
                await asyncio.sleep(_LOOK_S)
            except OSError as error:
                gone = "the box does not listen any more" if error.errno == errno.EPIPE else str(error.strerror)
                raise HttpRefusal("unavailable", gone) from None
            else:
                waited_s, self._waiting = 0.0, self._waiting[done:]
