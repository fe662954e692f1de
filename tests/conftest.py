"""Fixtures for every room."""

from hypothesis import HealthCheck, settings

from tests.devices.fixtures import paced_library, sound_cards
from tests.mimi import mimi_packages, mimi_root

__all__ = ["mimi_packages", "mimi_root", "paced_library", "sound_cards"]

# How fast an example runs says something about the machine, nothing about the code.
settings.register_profile("visaged", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("visaged")
