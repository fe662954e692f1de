"""Sounds that ship with the daemon."""

from __future__ import annotations

from pathlib import Path


def speech_path() -> Path:
    """The bundled speech: about 20 s of short sentences, mono; see README.md beside it."""
    return Path(__file__).with_name("speech.ogg")
