from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visaged.audio.follower import Follower
from visaged.audio.line_voice import PCM_RATE_HZ, LineVoice
from visaged.clock import NS_PER_MS, NS_PER_S, RATE_HZ

BLOCK = 480
BLOCK_NS = BLOCK * NS_PER_S // RATE_HZ


def tone(seconds: float, hz: float = 300.0) -> NDArray[np.int16]:
    times = np.arange(int(seconds * PCM_RATE_HZ)) / PCM_RATE_HZ
    return (10_000 * np.sin(2 * np.pi * hz * times)).astype(np.int16)


class Speaker:
    """Renders a voice block by block on a clock of its own."""

    def __init__(self) -> None:
        self.now_ns = 5 * NS_PER_S
        self.voice = LineVoice(lambda: self.now_ns)
        self._follower = Follower(self.voice, BLOCK)

    def hear(self, seconds: float) -> NDArray[np.float32]:
        """What sounds in the next ``seconds``."""
        blocks = []
        for _ in range(round(seconds * RATE_HZ / BLOCK)):
            out = np.zeros(BLOCK, np.float32)
            self._follower.render(out, self.now_ns, self.now_ns + BLOCK_NS)
            self.now_ns += BLOCK_NS
            blocks.append(out)
        return np.concatenate(blocks)


def test_a_line_sounds_at_its_time_and_nothing_does_before_and_after() -> None:
    speaker = Speaker()
    speaker.voice.play(tone(0.5), speaker.now_ns + 200 * NS_PER_MS)
    assert speaker.voice.playing
    sound = speaker.hear(1.0)
    loud = np.abs(sound) > 0.05
    assert np.flatnonzero(loud)[0] == pytest.approx(0.2 * RATE_HZ, abs=BLOCK)
    assert np.flatnonzero(loud)[-1] == pytest.approx(0.7 * RATE_HZ, abs=BLOCK)
    assert np.abs(sound).max() == pytest.approx(10_000 / 32768, rel=0.02)
    assert not speaker.voice.playing


def test_the_middle_of_a_line_is_sample_exact() -> None:
    speaker = Speaker()
    start_ns = speaker.now_ns + 100 * NS_PER_MS
    speaker.voice.play(tone(0.6), start_ns)
    sound = speaker.hear(0.8)
    times = np.arange(len(sound)) / RATE_HZ - 0.1
    expected = 10_000 / 32768 * np.sin(2 * np.pi * 300 * times)
    middle = slice(int(0.2 * RATE_HZ), int(0.6 * RATE_HZ))
    np.testing.assert_allclose(sound[middle], expected[middle], atol=2e-3)


def test_a_second_line_takes_over_without_a_click() -> None:
    speaker = Speaker()
    speaker.voice.play(tone(1.0, 200), speaker.now_ns)
    speaker.voice.play(tone(0.5, 400), speaker.now_ns + 300 * NS_PER_MS)
    sound = speaker.hear(1.2)
    steepest = 2 * np.pi * 400 / RATE_HZ * 10_000 / 32768
    assert np.abs(np.diff(sound)).max() < 1.5 * steepest
    assert not sound[int(0.85 * RATE_HZ) :].any(), "the first does not come back when the second ends"


def test_a_line_that_is_stopped_fades_and_one_not_yet_begun_is_forgotten() -> None:
    speaker = Speaker()
    start_ns = speaker.now_ns
    speaker.voice.play(tone(2.0), start_ns)
    speaker.voice.play(tone(1.0), start_ns + NS_PER_S)
    speaker.hear(0.3)
    speaker.voice.stop(start_ns, fade_ms=100)
    speaker.voice.stop(start_ns + NS_PER_S, fade_ms=100)
    assert np.abs(speaker.hear(0.05)).max() > 0.05
    speaker.hear(0.1)
    assert not speaker.hear(1.5).any()
    assert not speaker.voice.playing


def test_the_pcm_is_copied() -> None:
    speaker = Speaker()
    pcm = tone(0.3)
    speaker.voice.play(pcm, speaker.now_ns)
    pcm[:] = 0
    assert np.abs(speaker.hear(0.2)).max() > 0.2
