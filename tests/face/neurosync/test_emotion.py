from __future__ import annotations

import numpy as np
import pytest

from visaged.face.neurosync.emotion import EmotionTracker

ANGRY, NEUTRAL, SAD = 0, 4, 5


def feel(outputs: dict[int, float], seconds: float) -> list[tuple[float, float, float]]:
    emotion, told = EmotionTracker(), []
    rows = np.zeros((6, 7), np.float32)
    for column, value in outputs.items():
        rows[:, column] = value
    for _ in range(round(seconds * 10)):
        vector = emotion.hear(rows)
        if vector is not None:
            told.append(vector)
    return told


def test_an_angry_voice_becomes_the_word_s_vector_smoothly_and_twice_a_second() -> None:
    told = feel({ANGRY: 80.0}, 10)
    assert len(told) == 20
    assert told[-1] == pytest.approx((-0.51, 0.59, 0.25), abs=0.01)
    assert 0 < told[0][1] < 0.25
    arousals = [vector[1] for vector in told]
    assert arousals == sorted(arousals)


def test_the_scale_of_the_outputs_does_not_matter_and_neutral_counts_less() -> None:
    one, other = feel({SAD: 0.4, NEUTRAL: 1.0}, 10)[-1], feel({SAD: 40, NEUTRAL: 100}, 10)[-1]
    assert one == pytest.approx(other, abs=1e-6)
    assert one[0] == pytest.approx(-0.63 / 2, abs=0.01)


def test_without_emotions_there_is_nothing_to_tell() -> None:
    for outputs in ({}, {ANGRY: -50.0, SAD: -1.0}):
        assert feel(outputs, 3) == []
    assert feel({NEUTRAL: 3.0}, 3)[-1] == pytest.approx((0, 0, 0))
    assert EmotionTracker().hear(np.zeros((0, 7), np.float32)) is None
