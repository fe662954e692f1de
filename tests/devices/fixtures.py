"""Pytest fixtures for the test sound cards; a conftest imports them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.card import SoundCards, build
from tests.patience import PATIENCE_S


@pytest.fixture(scope="session")
def paced_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled plug-in."""
    try:
        return build(tmp_path_factory.mktemp("paced"))
    except RuntimeError as error:
        pytest.fail(str(error))


@pytest.fixture
def sound_cards(paced_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCards]:
    """Where a test gets its sound cards; the machine's own are out of sight meanwhile."""
    folder = tmp_path / "cards"
    folder.mkdir()
    cards = SoundCards(folder, paced_library)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(cards.configuration))
    monkeypatch.setattr("visaged.audio.watch.cards.FOLDER", cards.snd)
    yield cards
    # On a busy machine a stage leaves its thread behind in the driver. Nothing must change under it: not the
    # environment, which libasound reads, nor the files of its card.
    cards.put_all_back()
    for thread in threading.enumerate():
        if thread.name in ("visaged-input", "visaged-output"):
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), f"{thread.name} still hangs in its driver"
