"""Disks that are full or read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.soak.scenarios.scenario import Scenario
from tests.soak.small_disk import SmallDisk

_DISKS = frozenset({"disks"})
_ENDS = "within ten seconds of there being room again"
_ENDS_READ_ONLY = "within ten seconds of its being writable again"


@contextmanager
def _full(disk: SmallDisk) -> Iterator[None]:
    disk.fill()
    try:
        yield
    finally:
        disk.make_room()


@contextmanager
def _read_only(disk: SmallDisk) -> Iterator[None]:
    disk.write_protect(True)
    try:
        yield
    finally:
        disk.write_protect(False)


SCENARIOS = (
    Scenario(
        "state-full",
        "the disk with the state folder is full",
        "goes on; selections and packs cannot be kept",
        "state_folder",
        _ENDS,
        lambda world: _full(world.state),
        needs=_DISKS,
    ),
    Scenario(
        "state-read-only",
        "the disk with the state folder is read-only",
        "the same",
        "state_folder",
        _ENDS_READ_ONLY,
        lambda world: _read_only(world.state),
        needs=_DISKS,
    ),
    Scenario(
        "settings-full",
        "the disk with the settings is full",
        "goes on; `config.set` is refused",
        "settings_folder",
        _ENDS,
        lambda world: _full(world.settings),
        needs=_DISKS,
    ),
    Scenario(
        "settings-read-only",
        "the disk with the settings is read-only",
        "the same",
        "settings_folder",
        _ENDS_READ_ONLY,
        lambda world: _read_only(world.settings),
        needs=_DISKS,
    ),
)
