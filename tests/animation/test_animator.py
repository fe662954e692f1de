from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.animation.rendering import EPOCH_NS, Reports, Track, curve, make_animator, pose_of, render
from visaged.animation.animator import Animator
from visaged.config.schema import AnimationSettings, FaceSettings
from visaged.curves import CURVES, INDEX, MAXIMUM, MINIMUM, REGIONS, Pose, neutral
from visaged.metrics import Metrics

MOUTH = [*REGIONS["jaw"], *REGIONS["mouth"], *REGIONS["cheeks"], *REGIONS["nose"], *REGIONS["brows"]]
EYES = [*REGIONS["eyes"], *REGIONS["eyeballs"]]
RATES = [24, 25, 30, 60, 90, 120, Fraction(30000, 1001), Fraction(60000, 1001)]


class Talking:
    """A mouth that moves as fast as speech does (JawOpen at 4 Hz), with ``gaps`` [from s, to s) without new poses."""

    def __init__(self, *gaps: tuple[float, float]) -> None:
        self._gaps = gaps
        self._pose = neutral()

    def __call__(self, time_s: float) -> tuple[Pose | None, float]:
        shown_s = time_s
        for start_s, end_s in self._gaps:
            if start_s <= time_s < end_s:
                shown_s = start_s
        swing = 0.5 - 0.5 * math.cos(math.tau * 4 * shown_s)
        self._pose[INDEX["JawOpen"]] = 0.6 * swing
        self._pose[INDEX["MouthFunnel"]] = 0.4 * (1 - swing)
        self._pose[INDEX["BrowInnerUp"]] = 0.2 * swing
        self._pose[INDEX["HeadPitch"]] = 0.1 * swing
        return self._pose, (time_s - shown_s) * 1000


def assert_legal(track: Track) -> None:
    assert np.isfinite(track).all()
    assert (track >= MINIMUM).all()
    assert (track <= MAXIMUM).all()


def speeds(track: Track, fps: Fraction | int) -> Track:
    """How fast each curve moves from tick to tick, per second."""
    return np.abs(np.diff(track, axis=0)) * float(fps)


def test_the_same_seed_and_ticks_give_the_same_poses() -> None:
    one, same, other = (
        render(make_animator(seed=seed), 20, speech=Talking((2.0, 2.5), (7.0, 9.0))) for seed in (5, 5, 6)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("fps", RATES)
def test_every_frame_rate_is_legal_and_shows_the_same_life(fps: Fraction | int) -> None:
    track = render(make_animator(), 40, fps)
    assert_legal(track)
    reference = render(make_animator(), 40, 120)
    # The reference tick next to each tick; slow curves hardly move in half a tick.
    nearest = np.minimum(np.round(np.arange(len(track)) * 120 / float(fps)).astype(int), len(reference) - 1)
    slow = [*REGIONS["brows"], *REGIONS["mouth"], *REGIONS["head"]]
    assert np.abs(track - reference[nearest])[30:, slow].max() < 0.01


def test_without_a_seed_each_start_differs_and_the_seed_can_be_replayed() -> None:
    animators = [Animator(FaceSettings(), AnimationSettings(seed=None), Metrics(), Reports()) for _ in range(2)]
    assert animators[0].seed != animators[1].seed
    track = render(animators[0], 5)
    assert np.array_equal(track, render(make_animator(seed=animators[0].seed), 5))


def test_a_living_face_that_says_nothing() -> None:
    track = render(make_animator(), 120)
    for name in ("EyeBlinkLeft", "LeftEyeYaw", "LeftEyePitch", "HeadYaw", "HeadPitch", "HeadRoll", "BrowInnerUp"):
        assert curve(track, name).std() > 0.005, name
    assert track[:, [*REGIONS["jaw"], *REGIONS["mouth"]]].max() < 0.08
    # Never frozen: some curve moves visibly in every half second.
    halves = track[:7200].reshape(-1, 30, 61)
    assert np.ptp(halves, axis=1).max(axis=1).min() > 1e-3


@pytest.mark.parametrize(
    ("setting", "still"),
    [
        ({"idle": False}, list(range(61))),
        ({"gaze": False}, [i for i in EYES if "Look" in CURVES[i]]),
        ({"head_sway": False}, list(REGIONS["head"])),
    ],
)
def test_what_is_switched_off_is_still(setting: dict[str, bool], still: list[int]) -> None:
    assert not render(make_animator(**setting), 20)[:, still].any()


def test_speech_moves_the_mouth_over_idle() -> None:
    track = render(make_animator(), 10, speech=Talking())
    expected = [Talking()(tick / 60)[0][INDEX["JawOpen"]] for tick in range(600)]
    assert np.abs(curve(track, "JawOpen")[30:] - expected[30:]).max() < 1e-5
    assert curve(track, "EyeBlinkLeft").max() > 0.3


FACES = st.builds(FaceSettings, intensity=st.floats(0, 2), smoothing_ms=st.floats(0, 200))
ANIMATIONS = st.builds(
    AnimationSettings,
    seed=st.integers(0, 2**32 - 1),
    idle=st.booleans(),
    gaze=st.booleans(),
    head_sway=st.booleans(),
    blink_per_min=st.floats(0, 60),
    attack_ms=st.floats(0, 500),
    release_ms=st.floats(0, 500),
)


@settings(max_examples=60, deadline=None)
@given(
    fps=st.sampled_from(RATES),
    gaps=st.lists(st.tuples(st.floats(0.2, 3.5), st.floats(0.01, 1.0)), max_size=4),
    first=st.tuples(FACES, ANIMATIONS),
    second=st.tuples(FACES, ANIMATIONS),
    change_s=st.floats(0.5, 3.5),
)
def test_no_jump_whatever_stalls_resumes_is_configured_or_stops(
    fps: Fraction | int,
    gaps: list[tuple[float, float]],
    first: tuple[FaceSettings, AnimationSettings],
    second: tuple[FaceSettings, AnimationSettings],
    change_s: float,
) -> None:
    talking = Talking(*((start, start + length) for start, length in gaps))
    animator = Animator(*first, Metrics(), Reports())
    before = render(animator, change_s, fps, talking)
    animator.configure(*second)
    start_s = len(before) / float(fps)
    after = render(animator, 4.0 - change_s, fps, talking, start_s)
    stop_s = start_s + len(after) / float(fps)
    animator.ease_to_neutral(EPOCH_NS + round(stop_s * 1e9), 400.0)
    stopping = render(animator, 0.6, fps, talking, stop_s)
    track = np.concatenate([np.zeros((1, 61), np.float32), before, after, stopping])
    assert_legal(track)
    assert not track[-1].any()
    # How fast a curve may go, per second: what Talking does itself (0.6 x pi x 4 Hz x intensity), the fade (full range
    # over the shortest of attack, release and two frames), resuming (80 ms), new settings (250 ms), the stop (400 ms);
    # each of them 1.5 times as fast in its middle.
    fade_ms = max(33.0, min(min(s.attack_ms, s.release_ms) for _, s in (first, second)))
    own = 0.6 * math.pi * 4 * max(face.intensity for face, _ in (first, second))
    limit = own + 1500 / fade_ms + 1500 / 80 + 1500 / 250 + 1500 / 400
    assert speeds(track, fps)[:, MOUTH].max() < limit
    assert speeds(track, fps)[:, list(REGIONS["head"])].max() < 0.25 * limit
    # Lids and eyes are as fast as they are in people, and hold against the head: a full look in 50 ms.
    assert speeds(track, fps)[:, EYES].max() < 45.0


@settings(max_examples=25, deadline=None)
@given(
    poses=st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, -3.0, 5.0, 1e30, math.nan, math.inf, -math.inf]),
            st.integers(0, 60),
            st.one_of(st.none(), st.floats(0, 500), st.just(math.inf)),
        ),
        min_size=1,
        max_size=80,
    ),
    steps_ms=st.lists(st.sampled_from([0, 1, 8, 17, 42, 300, 10_000]), min_size=80, max_size=80),
)
def test_always_legal_whatever_the_solver_says_and_however_late_the_ticks_are(
    poses: list[tuple[float, int, float | None]], steps_ms: list[int]
) -> None:
    animator, pose, time_ns = make_animator(), neutral(), EPOCH_NS
    for (value, index, stale_ms), step_ms in zip(poses, steps_ms, strict=False):
        time_ns += step_ms * 1_000_000
        speech = neutral()
        speech[index] = value
        animator.render(time_ns, None if stale_ms is None else speech, stale_ms or 0.0, pose)
        assert_legal(pose[None])


def test_a_stall_of_the_process_does_not_make_the_face_jump() -> None:
    animator = make_animator()
    before = render(animator, 10)
    after = render(animator, 10, start_s=70.0)
    slow = [*REGIONS["brows"], *REGIONS["head"], *REGIONS["mouth"]]
    assert np.abs(after[0, slow] - before[-1, slow]).max() < 0.02


def test_new_settings_are_eased_into() -> None:
    animator = make_animator(idle=False)
    animator.override.hold({"MouthFunnel": 0.8})
    before = render(animator, 2)
    animator.configure(FaceSettings(scale={"mouth": 0.25}), AnimationSettings(idle=False))
    funnel = curve(np.concatenate([before, render(animator, 1, start_s=2.0)]), "MouthFunnel")
    assert funnel[-1] == pytest.approx(0.2)
    # 0.6 over 250 ms, 1.5 times as fast in the middle, 16.7 ms a tick.
    assert np.abs(np.diff(funnel[60:])).max() <= 0.6 * 1.5 * 16.7 / 250 + 1e-6


def test_settings_replaced_by_the_same_settings_change_nothing_visible() -> None:
    quiet, configured = make_animator(), make_animator()
    expected = render(quiet, 8)
    first = render(configured, 4)
    configured.configure(FaceSettings(), AnimationSettings(seed=99))
    track = np.concatenate([first, render(configured, 4, start_s=4.0)])
    slow = [*REGIONS["brows"], *REGIONS["head"], *REGIONS["mouth"]]
    assert np.abs(track - expected)[:, slow].max() < 0.01


class Broken:
    """A layer that adds a smile and fails at its 60th call."""

    def __init__(self) -> None:
        self._calls = itertools.count()

    def apply(self, pose: Pose, time_ns: int) -> None:
        pose[INDEX["MouthSmileLeft"]] = 0.9
        if next(self._calls) == 60:
            raise ZeroDivisionError


def test_a_layer_that_fails_goes_softly_and_the_face_goes_on() -> None:
    reports, metrics = Reports(), Metrics()
    animator = make_animator(report=reports, metrics=metrics)
    animator.add_layer("capsules", Broken())
    track = render(animator, 10)
    smile = curve(track, "MouthSmileLeft")
    assert smile[59] == pytest.approx(0.9)
    assert smile[-1] < 0.1
    assert np.abs(np.diff(smile)).max() < 0.15
    assert reports.codes == ["animation_layer_failed"]
    assert metrics.counter("animation.layers_failed").value == 1
    assert curve(track[120:], "EyeBlinkLeft").max() > 0.1


def test_added_layers_lie_above_speech_and_below_held_curves() -> None:
    class Half:
        def apply(self, pose: Pose, time_ns: int) -> None:
            pose[INDEX["JawOpen"]] *= 0.5
            pose[INDEX["MouthFunnel"]] = 0.9

    animator = make_animator(idle=False)
    animator.add_layer("half", Half())
    animator.override.hold({"MouthFunnel": 0.2})
    speech = pose_of(JawOpen=0.6)
    shown = render(animator, 2, speech=lambda _: (speech, 0.0))[-1]
    assert shown[INDEX["JawOpen"]] == pytest.approx(0.3)
    assert shown[INDEX["MouthFunnel"]] == pytest.approx(0.2)


def test_calibration_is_last() -> None:
    animator = make_animator(face=FaceSettings(scale={"mouth": 0.5}), idle=False)
    animator.override.hold({"MouthFunnel": 0.8, "JawOpen": 0.8})
    shown = render(animator, 2)[-1]
    assert shown[INDEX["MouthFunnel"]] == pytest.approx(0.4)
    assert shown[INDEX["JawOpen"]] == pytest.approx(0.8)


def test_a_blink_on_request() -> None:
    animator = make_animator(blink_per_min=0, gaze=False)
    assert curve(render(animator, 3), "EyeBlinkLeft").max() == 0.0
    animator.request_blink()
    assert curve(render(animator, 1, start_s=3.0), "EyeBlinkLeft").max() > 0.3


def test_the_eyes_stay_on_the_viewer_when_speech_nods() -> None:
    nodding, still = make_animator(), make_animator()
    nod = pose_of(HeadPitch=0.12)
    moved = render(nodding, 5, speech=lambda _: (nod, 0.0))[-1]
    straight = render(still, 5)[-1]
    assert moved[INDEX["HeadPitch"]] - straight[INDEX["HeadPitch"]] == pytest.approx(0.12, abs=1e-5)
    assert moved[INDEX["LeftEyePitch"]] - straight[INDEX["LeftEyePitch"]] == pytest.approx(-0.12, abs=1e-5)


def test_stalls_and_poses_that_are_not_finite_are_counted() -> None:
    metrics = Metrics()
    animator = make_animator(metrics=metrics)
    bad = pose_of(JawOpen=math.nan)
    render(animator, 3, speech=Talking((1.0, 2.0)))
    assert metrics.counter("animation.speech_stalls").value == 1
    render(animator, 0.5, speech=lambda _: (bad, 0.0), start_s=3.0)
    assert metrics.counter("animation.not_finite").value == 30
