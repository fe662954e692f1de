"""What the kernel has, in a folder like /dev/snd."""

from __future__ import annotations

from pathlib import Path

import pytest

from visaged.audio.watch import cards


def test_only_what_records_or_plays_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "FOLDER", tmp_path)
    for name in ("controlC0", "seq", "timer"):
        (tmp_path / name).touch()
    assert cards.cards() == frozenset()
    (tmp_path / "pcmC0D0c").touch()
    assert [name for name, _ in cards.cards()] == ["pcmC0D0c"]


def test_a_box_without_sound_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "FOLDER", tmp_path / "missing")
    assert cards.cards() == frozenset()
