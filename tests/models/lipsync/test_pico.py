"""Pico's sentences, with an engine that beeps in the place of the compiled one."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from models.lipsync import __main__ as command
from models.lipsync import pico
from models.lipsync.spoken import Line


class BeepingEngine:
    """Speaks in two pieces, as long as its rate says, at the level that is its pitch."""

    made: ClassVar[list[str]] = []

    def __init__(self, language: str) -> None:
        self.made.append(language)
        self.rate = self.pitch = 100

    def speak(self, text: str, callback: Any) -> None:
        samples = np.full(self.rate, self.pitch * 100, "<i2")
        assert callback((16_000, 16, 1), samples[:50].tobytes(), False)
        assert callback((16_000, 16, 1), samples[50:].tobytes(), True)


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> type[BeepingEngine]:
    module = ModuleType("ttspico")
    module.TtsEngine = BeepingEngine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ttspico", module)
    pico._engine.cache_clear()
    BeepingEngine.made = []
    return BeepingEngine


def test_a_line_is_whole_and_its_rate_and_pitch_are_of_chance() -> None:
    said = [pico.say(Line(i, "de", "Hallo."), np.random.default_rng(i)) for i in range(30)]
    assert {rate_hz for _, rate_hz in said} == {16_000}
    lengths, levels = [len(sound) for sound, _ in said], [float(sound[0]) * 327.68 for sound, _ in said]
    assert 80 <= min(lengths) < 95 and 115 < max(lengths) < 130
    assert 70 <= min(levels) < 85 and 125 < max(levels) < 141
    assert BeepingEngine.made == ["de-DE"], "one engine for a language"


def test_the_command_lays_out_what_corpus_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["lipsync", "pico", str(tmp_path), "--count", "40", "--workers", "1"])
    assert command.main() == 0
    with (tmp_path / "pico" / "metadata.csv").open() as file:
        rows = list(csv.reader(file, delimiter="|"))
    assert len(rows) == 40 and {"en", "en-gb"} <= {language for _, language, _ in rows}
    assert all((tmp_path / "pico" / name).exists() for name, _, _ in rows)


def test_without_the_package_the_way_to_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ttspico", None)
    monkeypatch.setattr("sys.argv", ["lipsync", "pico", str(tmp_path / "out")])
    assert command.main() == 1
    assert "pip install ttspico==0.3.2" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
