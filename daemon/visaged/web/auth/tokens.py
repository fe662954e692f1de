"""Tokens for programs: made by ``visaged web token``, each with scopes and an end. Only their digests are kept."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from visaged.files import read_bounded, write_atomic
from visaged.web.auth.scopes import Scope

MAX_TOKENS: Final = 64
MAX_DAYS: Final = 3650
PREFIX: Final = "vis_"
"""So that a scanner of published code knows what it has found."""
_FILE: Final = "tokens.json"
_MAX_FILE_BYTES: Final = 1 << 17
# 256 random bits: nothing slower than a plain digest is needed.
_RANDOM_BYTES: Final = 32


class Token(BaseModel):
    """What is kept of one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    scopes: tuple[Scope, ...] = Field(min_length=1)
    created: AwareDatetime
    expires: AwareDatetime
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


_LIST: Final = TypeAdapter(tuple[Token, ...])


class TokenError(ValueError):
    """It cannot be done; the message says why."""


class Tokens:
    """The file of tokens in ``state``. Read anew when it has changed."""

    def __init__(self, state: Path | None) -> None:
        self._path = None if state is None else state / _FILE
        self._seen: tuple[int, int] | None = None
        self._kept: tuple[Token, ...] = ()

    def listed(self) -> tuple[Token, ...]:
        """All of them, those that are over included. A file that is damaged holds none."""
        if self._path is None:
            return ()
        try:
            status = self._path.stat()
            if (status.st_mtime_ns, status.st_size) != self._seen:
                self._kept = _LIST.validate_json(read_bounded(self._path, _MAX_FILE_BYTES))
                self._seen = status.st_mtime_ns, status.st_size
        except (OSError, ValidationError):
            self._seen, self._kept = None, ()
        return self._kept

    def find(self, secret: str, now: datetime | None = None) -> Token | None:
        """The token that ``secret`` is, when it still holds."""
        digest = hashlib.sha256(secret.encode()).hexdigest()
        moment = now or datetime.now(timezone.utc)
        return next((token for token in self.listed() if token.sha256 == digest and token.expires > moment), None)

    def add(self, name: str, scopes: tuple[Scope, ...], days: float) -> str:
        """Make one and return it; it is shown this once. Raises TokenError, OSError."""
        if self._path is None:
            raise TokenError("this user has no folder for tokens")
        if not 0 < days <= MAX_DAYS:
            raise TokenError(f"expected up to {MAX_DAYS} days")
        now = datetime.now(timezone.utc)
        kept = tuple(token for token in self.listed() if token.expires > now)
        if any(token.name == name for token in kept):
            raise TokenError(f"there is a token '{name}' already; revoke it first")
        if len(kept) >= MAX_TOKENS:
            raise TokenError(f"there are {MAX_TOKENS} tokens; revoke one first")
        secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        try:
            token = Token(name=name, scopes=scopes, created=now, expires=now + timedelta(days=days), sha256=digest)
        except ValidationError:
            raise TokenError("expected a name of 1 to 64 letters, digits, dots, hyphens, underscores") from None
        self._write((*kept, token))
        return secret

    def revoke(self, name: str) -> bool:
        """Whether there was one. Raises OSError."""
        kept = self.listed()
        left = tuple(token for token in kept if token.name != name)
        if len(left) != len(kept):
            self._write(left)
        return len(left) != len(kept)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        assert self._path is not None
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps([token.model_dump(mode="json") for token in tokens], indent=1)
        write_atomic(self._path, text.encode(), new_mode=0o600)
        self._seen = None
