"""The voice of espeak-ng."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visaged.speech import espeak
from visaged.speech.errors import SpeechError


def test_a_sentence_is_sound_at_24_khz() -> None:
    pcm = espeak.say("Good day, how are you today?")
    assert pcm.dtype == np.int16
    assert 1.0 < len(pcm) / 24_000 < 4.0
    assert np.abs(pcm).max() > 3_000


def test_a_text_that_looks_like_an_option_is_said() -> None:
    assert len(espeak.say("--help")) > 4_800


def test_a_program_that_fails_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\necho 'no data' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SpeechError, match="no data"):
        espeak.say("hello")


def test_without_the_program_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeechError, match="apt install"):
        espeak.say("hello")
