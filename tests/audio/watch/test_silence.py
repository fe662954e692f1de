"""Absolute silence is counted in samples: no clock is asked."""

from __future__ import annotations

import numpy as np
import pytest

from visaged.audio.errors import OpenAnew
from visaged.audio.watch.silence import PROBLEM, SilenceWatch
from visaged.problems import Problems

RATE_HZ = 16_000
STILL = np.full((160, 2), 0.25, np.float32)
STILL[:, 1] = 0
MOVES = STILL.copy()
MOVES[80, 1] = 1 / 32768


def watch() -> tuple[SilenceWatch, list[tuple[str, bool]]]:
    problems, said = Problems(), []
    problems.listen(lambda problem, is_open: said.append((problem.code, is_open)))
    silence = SilenceWatch(problems)
    silence.begin("alsa:mic", RATE_HZ)
    return silence, said


def seconds_until_opened_anew(silence: SilenceWatch) -> float:
    for blocks in range(1, 10_000):
        try:
            assert not silence.hears(STILL)
        except OpenAnew:
            silence.begin("alsa:mic", RATE_HZ)
            return blocks * len(STILL) / RATE_HZ
    raise AssertionError("it was never opened anew")


def test_ten_seconds_are_a_problem_and_opening_anew_is_tried_ever_less_often() -> None:
    silence, said = watch()
    assert [seconds_until_opened_anew(silence) for _ in range(5)] == [10, 20, 40, 60, 60]
    assert said == [(PROBLEM, True)]
    assert silence.hears(MOVES)
    assert said == [(PROBLEM, True), (PROBLEM, False)]
    assert seconds_until_opened_anew(silence) == 10


def test_one_sample_of_one_channel_that_moves_is_a_room() -> None:
    silence, said = watch()
    for number in range(3_000):
        assert silence.hears(MOVES if number % 999 == 998 else STILL) == (number % 999 == 998)
    assert not said


@pytest.mark.parametrize("value", [0.0, 0.5, -1.0])
def test_a_constant_is_silence_whatever_its_value(value: float) -> None:
    silence, _ = watch()
    assert not silence.hears(np.full((160, 1), value, np.float32))


def test_what_nobody_listens_to_is_no_problem() -> None:
    silence, said = watch()
    seconds_until_opened_anew(silence)
    silence.forget()
    assert said == [(PROBLEM, True), (PROBLEM, False)]
