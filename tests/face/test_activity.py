from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face import voice
from visaged.face.activity import Activity
from visaged.face.solver import HOP

Changes = list[tuple[bool, float]]


def listen(sound: NDArray[np.float32]) -> Changes:
    """Every change: whether somebody speaks, and since when (s)."""
    activity, changes = Activity(), []
    for start in range(0, len(sound) - HOP + 1, HOP):
        ago = activity.hear(sound[start : start + HOP])
        if ago is not None:
            changes.append((activity.speaking, (start + HOP - ago) / 48000))
    return changes


@pytest.mark.parametrize("level_dbfs", [-40, -20, -3])
@pytest.mark.parametrize("noise_dbfs", [-200, -60])
def test_speech_begins_and_ends_when_it_does(level_dbfs: float, noise_dbfs: float) -> None:
    speech = [voice.vowel("a", 0.3, level_dbfs), voice.silence(0.15), voice.vowel("i", 0.3, level_dbfs)]
    sound = np.concatenate([voice.silence(1.0), *speech, voice.silence(1.0)])
    changes = listen(sound + voice.noise(len(sound) / 48000, noise_dbfs))
    assert [speaking for speaking, _ in changes] == [True, False]
    assert changes[0][1] == pytest.approx(1.0, abs=0.05)
    assert changes[1][1] == pytest.approx(1.75, abs=0.1)


@pytest.mark.parametrize(
    "sound",
    [
        voice.silence(2),
        voice.noise(2, -45),
        np.ones(96000, np.float32),
        0.1 * np.sin(np.arange(96000) * 2 * np.pi * 50 / 48000),
        np.concatenate([voice.silence(1), voice.noise(0.02, -10), voice.silence(1)]),
    ],
    ids=["silence", "steady noise", "direct current", "mains hum", "click"],
)
def test_what_is_not_a_voice_is_not_taken_for_one(sound: NDArray[np.float32]) -> None:
    assert listen(sound.astype(np.float32)) == []


def test_forgetting_ends_it_once() -> None:
    activity = Activity()
    for hop in np.concatenate([voice.silence(0.5), voice.vowel("a", 0.5)]).reshape(-1, HOP):
        activity.hear(hop)
    assert activity.speaking
    assert [activity.forget(), activity.forget(), activity.speaking] == [True, False, False]
