"""The package that ships in the wheel: sound that is no speech, and how soon good speech is back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

import visaged
from visaged import curves
from visaged.clock import RATE_HZ
from visaged.face.lipsync.solver import LipsyncSolver, open_lipsync
from visaged.face.solver import HOP
from visaged.inference.find import WHEEL_ROOT

pytestmark = pytest.mark.skipif(
    not (WHEEL_ROOT / "lipsync" / "model.json").is_file(), reason="no lipsync package in this checkout"
)

SAMPLE = Path(visaged.__file__).parent / "samples" / "speech.ogg"
JAW = curves.INDEX["JawOpen"]
TIMES = np.arange(3 * RATE_HZ) / RATE_HZ


def noise(level: float) -> NDArray[np.float64]:
    return level * np.random.default_rng(2).standard_normal(len(TIMES))


NOT_SPEECH = {
    "silence": np.zeros(len(TIMES)),
    "constant": np.full(len(TIMES), 0.8),
    "square": np.sign(np.sin(2 * np.pi * 220 * TIMES)),
    "white noise": noise(0.3),
    "hum": 0.5 * np.sin(2 * np.pi * 20 * TIMES),
    "beyond full scale": 40.0 * np.sin(2 * np.pi * 300 * TIMES),
    "NaN": np.full(len(TIMES), np.nan),
    "infinity": np.full(len(TIMES), np.inf),
}


def voice() -> NDArray[np.float32]:
    """Three seconds of the bundled speech."""
    sound, rate_hz = soundfile.read(SAMPLE, dtype="float32")
    mono = sound if sound.ndim == 1 else sound[:, 0]
    return np.asarray(soxr.resample(mono, rate_hz, RATE_HZ)[: len(TIMES)], np.float32)


@pytest.fixture(scope="module")
def solver() -> LipsyncSolver:
    return open_lipsync([WHEEL_ROOT])[0]


def run(solver: LipsyncSolver, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    state = solver.initial_state()
    poses = np.zeros((len(sound) // HOP, curves.COUNT), np.float32)
    for step, pose in zip(sound.reshape(-1, HOP), poses, strict=True):
        state = solver.step(step, state, pose)
    return poses


@pytest.mark.parametrize("kind", NOT_SPEECH)
def test_the_mouth_stays_legal_and_recovers_within_half_a_second(solver: LipsyncSolver, kind: str) -> None:
    sound = np.concatenate([NOT_SPEECH[kind].astype(np.float32), voice()])
    poses = run(solver, sound)
    assert np.isfinite(poses).all()
    assert (poses >= curves.MINIMUM).all() and (poses <= curves.MAXIMUM).all()
    alone = run(solver, voice())[:, JAW]
    after = poses[len(poses) // 2 :, JAW]
    # From half a second of voice on the jaw does what it would have done without what was before.
    assert np.corrcoef(after[30:], alone[30:])[0, 1] > 0.6
    assert after[30:90].mean() > 0.4 * alone[30:90].mean() > 0.01


def test_silence_leaves_the_mouth_at_rest(solver: LipsyncSolver) -> None:
    poses = run(solver, np.zeros(3 * RATE_HZ, np.float32))
    assert poses[30:, JAW].max() < 0.03


@pytest.mark.parametrize("lookahead_ms", [0, 40, 80])
def test_every_lookahead_opens_and_says_its_delay(lookahead_ms: int) -> None:
    opened, refused = open_lipsync([WHEEL_ROOT], lookahead_ms)
    assert refused == []
    assert lookahead_ms <= opened.lookahead_ms < lookahead_ms + 5


def test_both_precisions_agree(solver: LipsyncSolver) -> None:
    others = [p for p in solver.package.manifest.files if p != solver.precision]
    for precision in others:
        other = LipsyncSolver(solver.package, 40, precision)
        assert np.abs(run(other, voice()) - run(solver, voice()))[:, JAW].mean() < 0.03
