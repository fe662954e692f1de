from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.animation.rendering import pose_of
from visaged.animation.speech import MAX_SPEED_PER_S, STALE_MS, SpeechLayer
from visaged.clock import NS_PER_S
from visaged.curves import INDEX, Pose, neutral
from visaged.metrics import Counter

JAW, SMILE, BROW = INDEX["JawOpen"], INDEX["MouthSmileLeft"], INDEX["BrowInnerUp"]


class Mouth:
    """A speech layer, ticked at 120 Hz over an idle face."""

    def __init__(self, attack_ms: float = 50.0, release_ms: float = 120.0, intensity: float = 1.0) -> None:
        self.not_finite, self.stalls = Counter(), Counter()
        self.layer = SpeechLayer(self.not_finite, self.stalls)
        self.layer.attack_ms, self.layer.release_ms, self.layer.intensity = attack_ms, release_ms, intensity
        self.idle = neutral()
        self._tick = 0

    def tick(self, speech: Pose | None, stale_ms: float = 0.0, ticks: int = 1) -> NDArray[np.float32]:
        """The last poses, [ticks, 61]."""
        poses = np.empty((ticks, 61), np.float32)
        for pose in poses:
            pose[:] = self.idle
            self.layer.hear(speech, stale_ms)
            self.layer.apply(pose, self._tick * NS_PER_S // 120)
            self._tick += 1
        return poses


def test_speech_fades_in_over_the_attack_and_out_over_the_release() -> None:
    mouth = Mouth(attack_ms=100, release_ms=200)
    mouth.tick(None)
    rising = mouth.tick(pose_of(JawOpen=0.5), ticks=30)[:, JAW]
    assert np.all(np.diff(rising) >= 0)
    assert rising[5] == pytest.approx(0.25, abs=0.01)
    assert rising[11] == pytest.approx(0.5, abs=1e-3)
    falling = mouth.tick(None, np.inf, ticks=30)[:, JAW]
    assert np.all(np.diff(falling) <= 0)
    assert falling[11] == pytest.approx(0.25, abs=0.01)
    assert falling[25] == 0.0


def test_a_short_gap_is_bridged_and_a_stall_eases_out_and_is_counted_once() -> None:
    mouth = Mouth()
    speech = pose_of(JawOpen=0.5)
    mouth.tick(speech, ticks=30)
    assert mouth.tick(speech, STALE_MS, ticks=12)[:, JAW].min() == 0.5
    stalled = mouth.tick(speech, STALE_MS + 1, ticks=30)[:, JAW]
    assert stalled[-1] == 0.0
    assert np.abs(np.diff(stalled)).max() < 0.06
    assert mouth.stalls.value == 1


def test_after_a_gap_the_mouth_goes_to_the_new_pose_without_a_jump() -> None:
    mouth = Mouth()
    mouth.tick(pose_of(JawOpen=0.6), ticks=30)
    mouth.tick(pose_of(JawOpen=0.6), 80.0, ticks=5)
    resumed = mouth.tick(pose_of(JawOpen=0.1), ticks=30)[:, JAW]
    # 0.5 over the 80 ms of the settling, 1.5 times as fast in the middle, 8.3 ms a tick.
    assert np.abs(np.diff(np.concatenate([[0.6], resumed]))).max() <= 0.5 * 1.5 * 8.4 / 80
    assert resumed[-1] == pytest.approx(0.1)


def test_one_late_frame_is_no_gap() -> None:
    mouth = Mouth()
    mouth.tick(pose_of(JawOpen=0.5), ticks=30)
    mouth.tick(pose_of(JawOpen=0.5), 10.0)
    assert mouth.tick(pose_of(JawOpen=0.4))[0, JAW] == pytest.approx(0.4)


def test_a_fast_closure_comes_through_whole() -> None:
    mouth = Mouth()
    mouth.tick(pose_of(JawOpen=0.5), ticks=30)
    # 50 ms from open to shut, as lips do for a p.
    shut = [mouth.tick(pose_of(JawOpen=value))[0, JAW] for value in np.linspace(0.5, 0.0, 7)]
    assert shut == pytest.approx(np.linspace(0.5, 0.0, 7), abs=1e-6)


def test_a_solver_gone_mad_is_held_to_what_lips_can_do() -> None:
    mouth, rng = Mouth(), np.random.default_rng(1)
    mouth.tick(pose_of(JawOpen=0.5), ticks=30)
    track = np.concatenate([mouth.tick(rng.random(61, np.float32) * 2 - 0.5) for _ in range(200)])
    assert np.abs(np.diff(track, axis=0)).max() <= MAX_SPEED_PER_S / 120 * 1.02


def test_zero_attack_and_release_are_as_short_as_the_eye_allows() -> None:
    mouth = Mouth(attack_ms=0, release_ms=0)
    mouth.tick(None)
    track = mouth.tick(pose_of(JawOpen=1.0), ticks=6)[:, JAW]
    assert track[-1] == 1.0
    assert np.diff(track, prepend=0.0).max() < 0.4


def test_a_new_utterance_does_not_show_the_pose_that_the_last_one_ended_with() -> None:
    mouth = Mouth()
    mouth.tick(pose_of(JawOpen=0.9), ticks=30)
    mouth.tick(None, np.inf, ticks=30)
    assert not mouth.tick(pose_of(MouthFunnel=0.5), ticks=30)[:, JAW].any()


def test_the_speaking_mouth_belongs_to_speech_and_the_brows_are_shared() -> None:
    mouth = Mouth()
    mouth.idle = pose_of(MouthSmileLeft=0.05, BrowInnerUp=0.1)
    speaking = mouth.tick(pose_of(JawOpen=0.4, BrowInnerUp=0.2), ticks=60)[-1]
    assert speaking[SMILE] == 0.0
    assert speaking[BROW] == pytest.approx(0.3)


def test_a_mouth_that_is_silent_for_long_goes_back_to_idle_though_the_solver_runs() -> None:
    mouth = Mouth()
    mouth.idle = pose_of(MouthSmileLeft=0.05)
    mouth.tick(pose_of(JawOpen=0.4), ticks=60)
    pause = mouth.tick(neutral(), ticks=120)[:, SMILE]
    assert pause[6] < 0.005  # 50 ms: between two words it still belongs to speech
    assert pause[-1] == pytest.approx(0.05)
    assert np.abs(np.diff(pause)).max() < 0.002


def test_intensity_strengthens_and_stays_in_range() -> None:
    mouth = Mouth(intensity=2.0)
    strong = mouth.tick(pose_of(JawOpen=0.3, MouthFunnel=0.9), ticks=60)[-1]
    assert strong[JAW] == pytest.approx(0.6)
    assert strong[INDEX["MouthFunnel"]] == 1.0
    assert not Mouth(intensity=0.0).tick(pose_of(JawOpen=0.3), ticks=60).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_pose_that_is_not_finite_counts_as_missing(bad: float) -> None:
    mouth = Mouth()
    mouth.tick(pose_of(JawOpen=0.5), ticks=30)
    track = mouth.tick(pose_of(JawOpen=bad), ticks=30)
    assert np.isfinite(track).all()
    assert track[-1, JAW] == 0.0
    assert mouth.not_finite.value == 30
    assert mouth.tick(pose_of(JawOpen=0.5), ticks=30)[-1, JAW] == 0.5


def test_the_pose_handed_in_is_not_touched() -> None:
    speech = pose_of(JawOpen=1.5)
    Mouth().tick(speech, ticks=3)
    assert speech[JAW] == 1.5
