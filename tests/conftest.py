"""Fixtures for every room, and how the tests are run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests import scheduling, skips
from tests.devices.fixtures import paced_library, sound_cards
from tests.mimi import mimi_packages, mimi_root

__all__ = ["mimi_packages", "mimi_root", "paced_library", "sound_cards"]

# How fast an example runs says something about the machine, nothing about the code.
settings.register_profile("visaged", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("visaged")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options of pytest."""
    skips.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Our plug-in."""
    skips.register(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In which order the tests run."""
    scheduling.slow_files_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Which worker runs what."""
    return scheduling.scheduler(config, log)
