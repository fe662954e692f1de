"""From a card's microphone to a card's speaker through the real libasound, by pyalsaaudio and by PortAudio."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.devices.card import SoundCard
from tests.patience import PATIENCE_S, wait_until
from visaged.audio.capture import Capture
from visaged.audio.follower import DelayedRing
from visaged.audio.playback import PROBLEM, Playback
from visaged.config.sound import InputSettings, OutputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems

DELAY_NS = 120_000_000

both = pytest.mark.parametrize("backend", ["alsa", "portaudio"])


class Stages:
    """Capture from ``mic`` and playback to ``speaker``, running."""

    def __init__(self, backend: str) -> None:
        self.metrics, self.problems = Metrics(), Problems()
        self.capture = Capture(InputSettings(backend=backend, device="mic"), self.metrics, self.problems)
        voice = DelayedRing(self.capture.ring, self.capture.timeline, lambda: DELAY_NS)
        settings = OutputSettings(backend=backend, device="speaker")
        self.playback = Playback(settings, [voice], self.metrics, self.problems)

    def __enter__(self):
        self.capture.start()
        assert self.capture.ring.wait(4_800, PATIENCE_S)
        self.playback.start()
        return self

    def __exit__(self, *_):
        self.playback.stop()
        self.capture.stop()

    def undisturbed(self) -> bool:
        """Whether this machine was quick enough for sound without a break."""
        values = self.metrics.values()
        return not (values["audio.xruns"] or values["audio.underruns"] or values["audio.output_starved"])


def seconds_played(card: SoundCard) -> float:
    return card.outfile.stat().st_size / 2 / 48_000


def smooth_noise(seconds: float) -> np.ndarray:
    """Noise below 3 kHz: correlation finds it to a fraction of a sample."""
    rng = np.random.default_rng(0)
    return (np.convolve(rng.uniform(-0.9, 0.9, int(48_000 * seconds)), np.hanning(24) / 6, "same")).astype(np.float32)


@both
def test_sound_leaves_the_speaker_when_it_should(sound_cards, backend):
    """Though one card runs 200 ppm fast and the other 150 slow."""
    sound = smooth_noise(90)
    mic = sound_cards.add("mic", sound, ppm=200)
    speaker = sound_cards.add("speaker", ppm=-150)

    def late() -> float | None:
        """How much later the newest tenth of a second was heard than is right, in samples."""
        start = int(seconds_played(speaker) * 48_000) - 4_800
        part = speaker.played()[start : start + 4_800, 0]
        played_ns = speaker.origin_ns + start / float(speaker.true_rate_hz) * 1e9
        due = mic.frame_at(played_ns - DELAY_NS)
        around = sound[int(due) - 2_400 : int(due) + 7_200]
        match = np.correlate(around, part, "valid")
        at = int(match.argmax())
        likeness = match[at] / (np.linalg.norm(part) * np.linalg.norm(around[at : at + 4_800]) + 1e-9)
        return int(due) - 2_400 + at - due if likeness > 0.9 else None

    def is_right() -> bool:
        # 1 ms. A machine that is busy with other things lets the speaker run dry, and the follower has to find its way
        # again: it must get there.
        samples = late()
        return samples is not None and abs(samples) < 48

    with Stages(backend) as stages:
        wait_until(lambda: seconds_played(speaker) > 2)
        wait_until(is_right, lambda: f"sound at its time; it is {late()} samples late", look_s=0.25)
    assert stages.metrics.values()["audio.output"] is None


@both
def test_two_clocks_that_differ_make_no_clicks(sound_cards, backend):
    tone = (0.5 * np.sin(2 * np.pi * 500 * np.arange(48_000) / 48_000)).astype(np.float32)
    sound_cards.add("mic", tone, ppm=200, loop=True)
    speaker = sound_cards.add("speaker", ppm=-150)
    for _ in range(2):
        with Stages(backend) as stages:
            began = seconds_played(speaker)
            wait_until(lambda: seconds_played(speaker) > began + 3)  # noqa: B023
        if stages.undisturbed():
            break
    played = speaker.played()[:, 0]
    heard = played[-2 * 48_000 : -4_800].astype(float)
    assert np.abs(heard).max() == pytest.approx(0.5, rel=0.02)
    if stages.undisturbed():
        # The tone's own second difference is 0.0021; a missing or doubled sample gives 0.03.
        assert np.abs(np.diff(heard, n=2)).max() < 0.004


@both
def test_a_speaker_that_is_pulled_out_is_taken_back(sound_cards, backend):
    sound_cards.add("mic", smooth_noise(1), loop=True)
    speaker = sound_cards.add("speaker")
    with Stages(backend) as stages:
        wait_until(lambda: seconds_played(speaker) > 0.5)
        speaker.pull_out()
        wait_until(stages.problems.current)
        assert [problem.code for problem in stages.problems.current()] == [PROBLEM]
        assert stages.capture.running
        time.sleep(0.2)
        before = seconds_played(speaker)
        speaker.put_back()
        wait_until(lambda: not stages.problems.current())
        wait_until(lambda: seconds_played(speaker) > before + 0.5)
