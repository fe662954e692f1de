"""What is wrong with a voice."""

from __future__ import annotations


class SpeechError(Exception):
    """It cannot be said: one sentence."""
