"""Fixtures of the device tests."""

from tests.devices.fixtures import paced_library, sound_cards

__all__ = ["paced_library", "sound_cards"]
