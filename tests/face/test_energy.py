from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face import voice
from visaged.clock import RATE_HZ
from visaged.curves import COUNT, INDEX, make_legal
from visaged.face.energy import EnergySolver
from visaged.face.solver import HOP

Sound = NDArray[np.float32]


def solve(sound: Sound, lookahead_ms: float = 40) -> NDArray[np.float32]:
    """Poses [frames, 61]; row k belongs to the end of hop k minus the look-ahead."""
    solver = EnergySolver(lookahead_ms)
    state = solver.initial_state()
    poses = np.zeros((len(sound) // HOP, COUNT), np.float32)
    for frame, pose in enumerate(poses):
        state = solver.step(sound[frame * HOP : (frame + 1) * HOP], state, pose)
    return poses


def curve(poses: NDArray[np.float32], name: str, start_s: float, end_s: float, lookahead_s: float = 0.04) -> Sound:
    """One curve between two moments of the sound."""
    return poses[round((start_s + lookahead_s) * 60) : round((end_s + lookahead_s) * 60), INDEX[name]]


SPEECH = np.concatenate(
    [
        voice.silence(0.5),
        voice.vowel("a", 0.3),
        voice.murmur(0.1),
        voice.vowel("i", 0.3),
        voice.silence(0.1),
        voice.vowel("u", 0.3),
        voice.hiss(0.2),
        voice.vowel("a", 0.3),
        voice.silence(1.0),
    ]
)
# Well inside each of the sounds above, in seconds.
IN_A, IN_M, IN_I, IN_STOP = (0.6, 0.78), (0.83, 0.92), (1.0, 1.18), (1.23, 1.32)
IN_U, IN_S, IN_LATER_A = (1.4, 1.58), (1.7, 1.78), (1.9, 2.08)


def test_vowels_open_the_jaw_by_their_height() -> None:
    poses = solve(SPEECH)
    jaw_a, jaw_i = curve(poses, "JawOpen", *IN_A).mean(), curve(poses, "JawOpen", *IN_I).mean()
    assert 0.25 < jaw_a < 0.5
    assert 0.03 < jaw_i < 0.6 * jaw_a


def test_u_rounds_the_lips_and_i_spreads_them() -> None:
    poses = solve(SPEECH)
    assert curve(poses, "MouthPucker", *IN_U).mean() > 0.15
    assert curve(poses, "MouthPucker", *IN_I).mean() < 0.05
    assert curve(poses, "MouthStretchLeft", *IN_I).mean() > 0.06
    assert curve(poses, "MouthStretchLeft", *IN_U).mean() < 0.05


@pytest.mark.parametrize("closure", [IN_M, IN_STOP])
@pytest.mark.parametrize("lookahead_ms", [0, 40])
def test_lips_meet_on_m_and_on_a_stop(closure: tuple[float, float], lookahead_ms: int) -> None:
    poses = solve(SPEECH, lookahead_ms)
    at = (*closure, lookahead_ms / 1000)
    gap = curve(poses, "JawOpen", *at) - curve(poses, "MouthClose", *at)
    assert gap.min() <= 0.02
    assert curve(poses, "MouthPressLeft", *at).max() > 0.05


def test_the_lips_meet_before_the_jaw_has_arrived() -> None:
    poses = solve(SPEECH)
    jaw, close = (curve(poses, name, 0.8, IN_M[1]) for name in ("JawOpen", "MouthClose"))
    assert np.max(close / np.maximum(jaw, 0.03)) > 0.7
    assert close.max() > 0.03


def test_s_narrows_the_jaw_and_parts_the_lips() -> None:
    poses = solve(SPEECH)
    assert curve(poses, "JawOpen", *IN_S).max() < 0.5 * curve(poses, "JawOpen", *IN_LATER_A).mean()
    assert curve(poses, "MouthLowerDownLeft", *IN_S).min() > 0.08


def test_sh_brings_the_lips_forward_and_s_does_not() -> None:
    sounds = {"s": voice.hiss(0.2), "sh": voice.hiss(0.2, low_hz=2000, high_hz=3200)}
    funnel = {
        name: curve(solve(np.concatenate([voice.vowel("a", 0.5), sound])), "MouthFunnel", 0.55, 0.64).mean()
        for name, sound in sounds.items()
    }
    assert funnel["sh"] > 0.12
    assert funnel["s"] < 0.04


def test_the_mouth_is_at_rest_in_silence() -> None:
    poses = solve(SPEECH)
    assert np.abs(poses[:28]).max() == 0
    assert poses[-1].max() < 0.02


@pytest.mark.parametrize("gain_db", [-20, -10, 10, 19])
def test_the_level_hardly_matters(gain_db: float) -> None:
    """From -40 to 0 dBFS."""
    one_breath = np.concatenate([SPEECH, SPEECH])
    louder = one_breath * np.float32(10 ** (gain_db / 20))
    reference, jaw = (solve(sound)[len(SPEECH) // HOP :, INDEX["JawOpen"]] for sound in (one_breath, louder))
    assert np.abs(reference - jaw).mean() < 0.02


_TIME = np.arange(3 * RATE_HZ) / RATE_HZ
AWKWARD = {
    "silence": voice.silence(3),
    "direct current": np.ones(3 * RATE_HZ, np.float32),
    "square wave": np.sign(np.sin(2 * np.pi * 220 * _TIME)).astype(np.float32),
    "white noise": np.clip(voice.noise(3, -10), -1, 1),
    "hum": np.sin(2 * np.pi * 20 * _TIME).astype(np.float32),
    "impulse": np.eye(1, 3 * RATE_HZ, 1000, dtype=np.float32)[0],
    "far beyond full scale": voice.noise(3, 200),
}
QUIET = ("silence", "direct current", "white noise", "hum")


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("lookahead_ms", [0, 40])
def test_the_face_stays_plausible_whatever_comes(name: str, lookahead_ms: int) -> None:
    poses = solve(AWKWARD[name], lookahead_ms)
    legal = poses.copy()
    assert all(make_legal(pose) for pose in legal)
    assert np.array_equal(legal, poses)
    assert poses.max() <= 0.5
    assert (poses[:, INDEX["JawOpen"]] - poses[:, INDEX["MouthClose"]]).min() >= -0.07
    if name in QUIET:
        assert poses[30:, INDEX["JawOpen"]].max() < 0.08


@pytest.mark.parametrize("name", AWKWARD)
def test_half_a_second_of_speech_after_it_is_understood(name: str) -> None:
    speech = np.concatenate([voice.vowel("a", 0.3), voice.silence(0.08)] * 3)
    poses = solve(np.concatenate([AWKWARD[name], speech]))
    assert curve(poses, "JawOpen", 3.45, 3.65).max() > 0.12


def test_a_stream_can_be_cut_anywhere_and_replayed() -> None:
    solver = EnergySolver()
    hops = SPEECH.reshape(-1, HOP)
    first, second = np.zeros((2, COUNT), np.float32)
    state, other = solver.initial_state(), solver.initial_state()
    for hop in hops[:60]:
        state = solver.step(hop, state, first)
        # Streams share the solver's scratch memory and nothing else.
        solver.step(voice.noise(1 / 60, -20), other, np.zeros(COUNT, np.float32))
    replayed = EnergySolver()
    again = replayed.initial_state()
    for hop in hops[:60]:
        again = replayed.step(hop, again, second)
    assert np.array_equal(first, second)


def test_more_lookahead_than_it_uses_is_not_declared() -> None:
    assert [EnergySolver(asked).lookahead_ms for asked in (0, 40, 80)] == [0, 40, 40]


def test_lookahead_puts_the_movement_on_the_sound() -> None:
    """A vowel that starts at 0.5 s: half open soon after, at 40 ms earlier than at 0 ms."""
    onset = {}
    for lookahead_ms in (0, 40):
        jaw = solve(SPEECH, lookahead_ms)[:, INDEX["JawOpen"]]
        onset[lookahead_ms] = (np.argmax(jaw > 0.5 * jaw[:48].max()) + 1) / 60 - lookahead_ms / 1000
    assert 0.48 < onset[40] < onset[0] < 0.56
