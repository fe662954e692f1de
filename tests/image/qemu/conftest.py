"""A disk as it leaves ``make image``, with the tests' settings; one machine at a time; figures for the summary."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.disk import make_disk
from tests.image.qemu.machine import Machine, powered
from tests.image.qemu.seed import make_seed, put_settings

ROOT = Path(__file__).parents[3]
BUILD = ROOT / "build" / "image"
FIGURES = BUILD / "figures.json"
ROOM_MIB = 64


@pytest.fixture(scope="session")
def slot() -> Path:
    """The root file system that ``make image`` has made."""
    made = sorted(BUILD.glob("root-*.squashfs"), key=lambda path: path.stat().st_mtime)
    made = [path for path in made if "-test" not in path.name]
    if not made or shutil.which("qemu-system-x86_64") is None:
        pytest.skip("there is no image or no QEMU: make image-test makes both")
    return made[-1]


@pytest.fixture(scope="session")
def receiver() -> Iterator[socket.socket]:
    """Where the faces of the guests arrive: guest address 10.0.2.2."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        receiver.bind(("127.0.0.1", 0))
        yield receiver


@pytest.fixture(scope="session")
def new_disk(slot: Path, receiver: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk that has never been started."""
    folder = tmp_path_factory.mktemp("disk")
    disk = folder / "box.img"
    make_disk(slot, disk, make_seed(folder / "seed"))
    put_settings(disk, receiver.getsockname()[1])
    # A disk is larger than the image.
    os.truncate(disk, disk.stat().st_size + ROOM_MIB * (1 << 20))
    return disk


@pytest.fixture(scope="module")
def machine(new_disk: Path, receiver: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with a disk of its own, switched on; its tests build on each other, in the order of the file."""
    folder = tmp_path_factory.mktemp("machine")
    disk = folder / "box.img"
    shutil.copyfile(new_disk, disk)
    with powered(disk, folder, receiver) as machine:
        yield machine


def note(name: str, value: float | str) -> None:
    """Keep a figure for the summary."""
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    figures[name] = value
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table at the end of ``make image-test``."""
    if FIGURES.exists():
        terminalreporter.section("the image, emulated (figures of the last run of each test)")
        for name, value in json.loads(FIGURES.read_text()).items():
            terminalreporter.line(f"{name:<58} {value}")
