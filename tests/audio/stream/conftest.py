"""Pipes for the tests of streams; blocks are due at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from visaged.audio.backends import pacing


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are due at once; a test waits for what it wants to see."""
    monkeypatch.setattr(pacing, "sleep_until", lambda due_ns: None)
    monkeypatch.setattr(pacing, "now_ns", lambda: 0)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "voice.fifo"
    os.mkfifo(path)
    return path


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The writing end of what is standard input for the test."""
    reading, writing = os.pipe()
    kept = os.dup(0)
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.dup2(kept, 0)
    os.close(kept)
