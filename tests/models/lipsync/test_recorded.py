"""Recorded clips lose the silence around their words, and labels move along."""

import numpy as np
import pytest

pytest.importorskip("pocketsphinx", reason="pocketsphinx is a build-time dependency: pip install 'visaged[build]'")

from models.lipsync.phones import SILENCE, Phone
from models.lipsync.recorded import trimmed
from models.lipsync.utterance import RATE_HZ, Utterance


def test_a_word_in_a_long_silence_keeps_a_quarter_of_a_second_of_it() -> None:
    sound = np.zeros(4 * RATE_HZ, np.float32)
    sound[2 * RATE_HZ] = 1.0
    phones = [Phone(SILENCE, 0.0, 1.5), Phone("P", 1.5, 1.6), Phone("AA", 1.6, 2.5), Phone(SILENCE, 2.5, 4.0)]
    kept = trimmed(Utterance("a", "pa", sound, phones))
    assert len(kept.sound) == pytest.approx(1.5 * RATE_HZ, abs=1)
    assert int(kept.sound.argmax()) == pytest.approx(0.75 * RATE_HZ, abs=1)
    assert [(p.symbol, round(p.start_s, 3), round(p.end_s, 3)) for p in kept.phones] == [
        (SILENCE, 0.0, 0.25), ("P", 0.25, 0.35), ("AA", 0.35, 1.25), (SILENCE, 1.25, 1.5),
    ]  # fmt: skip


def test_a_clip_without_silence_stays_whole() -> None:
    phones = [Phone("P", 0.0, 0.1), Phone("AA", 0.1, 1.0)]
    kept = trimmed(Utterance("a", "pa", np.ones(RATE_HZ, np.float32), phones))
    assert len(kept.sound) == RATE_HZ
    assert kept.phones == phones
