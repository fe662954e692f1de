"""What a token may be made for, and which command needs which scope."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Scope(str, Enum):
    """One kind of thing that may be done."""

    VIEW = "view"
    """See the face, health, lists, settings."""
    FACE = "face"
    """Move the face, and have sounds solved."""
    SPEAK = "speak"
    """Let it speak."""
    SETTINGS = "settings"
    """Change settings, restart."""
    INSTALL = "install"
    """Put in and take out models and packs."""


EVERYTHING: Final = frozenset(Scope)

_COMMANDS: Final[Mapping[Scope, tuple[str, ...]]] = {
    Scope.VIEW: (
        *("ping", "health.get", "selftest", "snapshot", "capsule.list", "config.get", "models.list"),
        *("audit.get", "persona.list"),
    ),
    Scope.FACE: (
        *("packet", "capsule.play", "capsule.stop", "capsule.prefetch", "emotion.set", "profile.set", "context.set"),
        *("face.set", "face.release", "mute.set", "gain.set", "persona.set"),
    ),
    Scope.SPEAK: ("say", "say.stop"),
    Scope.INSTALL: ("pack.install", "pack.remove", "models.install", "models.remove"),
}
_SCOPES: Final = {name: scope for scope, names in _COMMANDS.items() for name in names}


def scope_of(command: str) -> Scope:
    """What ``command`` needs; of one that is not named above: to change settings."""
    return _SCOPES.get(command, Scope.SETTINGS)
