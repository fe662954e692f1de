"""Codec messages under a shared key, for UDP: whose they are, and that they are of now. This file specifies it.

Big-endian, without padding::

    0     u8     0xC1: sealed, version 1 (a message of frames.py begins with 1)
    1     u8     who sends: 0 the box, 1 the brain
    2     u16    0
    4     u32    counter: 1 for the first datagram of a session, one more for each
    8     u64    session of the sender: random, a new one each time it starts
    16    u64    session of the other side, as it last proved to be; 0: none has
    24    the message; nothing: "I am there"
    -16   the first 16 bytes of HMAC-SHA-256 over all before, with the key

A datagram is **proven** when it names our own session in its third number: so it is no older than we are. Only what is
proven is heard, and each counter once, at most 63 behind the highest. What bears the key and is not proven gets "I am
there" back, which names the sender's session; so does the first proven one of a session. The box says "I am there"
when it starts, and once a second until something is proven. A session that another one has followed does not come back.
Nothing is encrypted.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import threading
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

SEALED: Final = 0xC1
HEADER: Final = struct.Struct(">BBHIQQ")
TAG_BYTES: Final = 16
OVERHEAD: Final = HEADER.size + TAG_BYTES
"""Bytes that a datagram is longer than its message."""
WINDOW: Final = 64
"""A datagram may be overtaken by so many others, less one."""

_COUNTERS: Final = 1 << 32
# A peer that starts this often while we run makes us take a new session, too: then nothing old is proven any more.
_MAX_PAST_SESSIONS: Final = 4096


class Role(IntEnum):
    """Which end of the link."""

    BOX = 0
    BRAIN = 1


class SealError(ValueError):
    """A datagram that is not heard: says why."""


@dataclass(frozen=True)
class Unsealed:
    """What a datagram that bears the key brings."""

    message: bytes | None
    """To be heard; None: nothing is."""
    reply: bytes | None
    """A datagram to send back to where it came from; None: none."""


class Seal:
    """One end. Any thread."""

    def __init__(self, key: bytes, role: Role) -> None:
        self._key = key
        self._role = role
        self._lock = threading.Lock()
        self._session = _new_session()
        self._counter = 0
        self._other = 0
        self._highest = 0
        self._seen = 0
        """Bit n: the counter ``highest - n`` was there."""
        self._past: set[int] = set()

    @property
    def proven(self) -> bool:
        """Whether the other side has proven to be there."""
        return self._other != 0

    def seal(self, message: bytes = b"") -> bytes:
        """The datagram for ``message``; without one: "I am there"."""
        with self._lock:
            return self._sealed(message, self._other)

    def unseal(self, datagram: bytes) -> Unsealed:
        """Raises SealError for what is forged, damaged, or was there before."""
        if len(datagram) < OVERHEAD:
            raise SealError(f"{len(datagram)} bytes; sealed ones have {OVERHEAD} and more")
        body, tag = datagram[:-TAG_BYTES], datagram[-TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(body)):
            raise SealError("it does not bear our key")
        mark, role, _, counter, sender, told = HEADER.unpack_from(body)
        if (mark, role) != (SEALED, 1 - self._role):
            raise SealError("it is not from the other side")
        with self._lock:
            if told != self._session:
                return Unsealed(None, self._sealed(b"", sender))
            new = self._follow(sender)
            self._take(counter)
            return Unsealed(body[HEADER.size :] or None, self._sealed(b"", sender) if new else None)

    def _follow(self, sender: int) -> bool:
        """The session that counts is ``sender``; whether it is a new one. Raises SealError."""
        if sender == self._other:
            return False
        if sender == 0 or sender in self._past:
            raise SealError("its session is over")
        if self._other:
            self._past.add(self._other)
        if len(self._past) > _MAX_PAST_SESSIONS:
            self._past.clear()
            self._session, self._counter = _new_session(), 0
        self._other, self._highest, self._seen = sender, 0, 0
        return True

    def _take(self, counter: int) -> None:
        """Raises SealError for one that was there, or is too old to tell."""
        ahead = counter - self._highest
        if ahead > 0:
            self._highest = counter
            self._seen = (self._seen << ahead | 1) & ((1 << WINDOW) - 1) if ahead < WINDOW else 1
            return
        if counter == 0 or -ahead >= WINDOW or self._seen >> -ahead & 1:
            raise SealError("it was there before")
        self._seen |= 1 << -ahead

    def _sealed(self, message: bytes, other: int) -> bytes:
        if self._counter == _COUNTERS - 1:
            self._session, self._counter = _new_session(), 0
        self._counter += 1
        body = HEADER.pack(SEALED, self._role, 0, self._counter, self._session, other) + message
        return body + self._tag(body)

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)[:TAG_BYTES]


def _new_session() -> int:
    # 0 says that there is none.
    return secrets.randbelow((1 << 64) - 1) + 1
