"""Pytest fixtures for the test sound cards; a conftest imports them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.card import SoundCards, build


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
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/usr/share/alsa/alsa.conf")
    folder = tmp_path / "cards"
    folder.mkdir()
    cards = SoundCards(folder, paced_library)
    monkeypatch.setattr("visaged.audio.watch.cards.FOLDER", cards.snd)
    yield cards
