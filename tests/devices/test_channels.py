"""Microphone arrays and mixing desks: cards of many channels, of which some are the voice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from tests.devices.card import SoundCards
from tests.patience import PATIENCE_S, wait_until
from visaged.audio.backends.alsa import AlsaSource
from visaged.audio.capture import PROBLEM, Capture
from visaged.config.sound import InputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems

both = pytest.mark.parametrize("backend", ["alsa", "portaudio"])


def steps(channels: int) -> np.ndarray:
    """A second in which channel n (from 1) is a square wave of n / 64."""
    square = np.where(np.arange(48_000) // 24 % 2, 1.0, -1.0)
    return np.stack([square * number / 64 for number in range(1, channels + 1)], axis=1).astype(np.float32)


@contextmanager
def listening(backend: str, channel: object) -> Iterator[tuple[Capture, Problems]]:
    problems = Problems()
    settings = InputSettings.model_validate({"backend": backend, "device": "mic", "channel": channel})
    capture = Capture(settings, Metrics(), problems)
    capture.start()
    try:
        yield capture, problems
    finally:
        capture.stop()


def amplitude(capture: Capture) -> float:
    out = np.zeros(2400, np.float32)
    capture.ring.read(capture.ring.end - 2400, out)
    return float(np.abs(out).mean())


@both
@pytest.mark.parametrize(("channel", "expected"), [(3, 3), (6, 6), ([2, 5], 3.5), (1, 1)])
def test_of_an_array_the_channels_that_are_named_are_heard(
    sound_cards: SoundCards, backend: str, channel: object, expected: float
) -> None:
    sound_cards.add("mic", steps(6), channels=6, loop=True, raw=True)
    with listening(backend, channel) as (capture, problems):
        assert capture.ring.wait(4800, PATIENCE_S)
        wait_until(lambda: amplitude(capture) == pytest.approx(expected / 64, abs=1e-3))
        assert not problems.current()


def test_each_channel_has_a_level(sound_cards: SoundCards) -> None:
    sound_cards.add("mic", steps(6), channels=6, loop=True, raw=True)
    # A square wave is 3 dB louder than a sine of its height.
    wanted = [20 * np.log10(number / 64) + 3.01 for number in range(1, 7)]
    with listening("alsa", 2) as (capture, _):
        wait_until(lambda: capture.channel_levels_dbfs == pytest.approx(wanted, abs=0.3))
    assert capture.channel_levels_dbfs == []


@both
def test_a_channel_that_is_not_there_is_a_problem_until_it_is(sound_cards: SoundCards, backend: str) -> None:
    sound_cards.add("mic", steps(2), channels=2, loop=True, raw=True)
    with listening(backend, 3) as (capture, problems):
        wait_until(problems.current)
        (problem,) = problems.current()
        assert problem.code == PROBLEM
        assert "has 2 channels, and audio.input.channel = 3 asks for another" in problem.message
        capture.reconfigure(InputSettings.model_validate({"backend": backend, "device": "mic", "channel": 2}))
        wait_until(lambda: not problems.current())
        assert capture.ring.wait(capture.ring.end + 4800, PATIENCE_S)


def test_twenty_four_channels_are_taken(sound_cards: SoundCards) -> None:
    sound_cards.add("mic", steps(24), channels=24, loop=True, raw=True)
    with listening("alsa", 24) as (capture, problems):
        assert capture.ring.wait(4800, PATIENCE_S)
        wait_until(lambda: amplitude(capture) == pytest.approx(24 / 64, abs=1e-3))
        assert not problems.current()


def test_a_converting_name_gives_what_it_is_asked_for(sound_cards: SoundCards) -> None:
    """Behind ALSA's plug nobody can see how many channels the card has: the first ones are the card's."""
    sound_cards.add("mic", steps(6), channels=6, loop=True)
    source = AlsaSource("mic", 48_000, 10, 2)
    assert source.open().channels == 2
    source.close()
