"""Secrets in settings are never told."""

from __future__ import annotations

from typing import Any, Final

_MASK: Final = "********"
_SECRET: Final = ("password", "secret", "token", "key")


def mask(settings: Any) -> Any:
    """``settings`` with every secret replaced; names of files with secrets are not secret."""
    if isinstance(settings, dict):
        return {
            key: _MASK if value and _is_secret(str(key)) and not isinstance(value, dict) else mask(value)
            for key, value in settings.items()
        }
    return settings


def _is_secret(key: str) -> bool:
    return key.endswith(_SECRET) and not key.endswith("_file")
