"""The package in the wheel: whole, small, at rest when nobody speaks, and soon back after broken input."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.int8_weights import MAX_WEIGHT, largest_weight
from models.lipsync import noises
from models.lipsync.parity import run_onnx
from visaged.curves import COUNT, INDEX, MAXIMUM, MINIMUM
from visaged.face.lipsync.solver import LipsyncSolver
from visaged.inference.package import load_package
from visaged.samples import speech_path

FOLDER = Path(__file__).parents[3] / "daemon" / "visaged" / "packages" / "lipsync"
RATE_HZ = 48_000
JAW, CLOSE = INDEX["JawOpen"], INDEX["MouthClose"]


@pytest.fixture(scope="module")
def solver() -> LipsyncSolver:
    return LipsyncSolver(load_package(FOLDER), 40)


def poses(solver: LipsyncSolver, sound: np.ndarray) -> np.ndarray:
    shown = np.zeros((len(sound) // 800, COUNT), np.float32)
    state = solver.initial_state()
    for number, pose in enumerate(shown):
        state = solver.step(sound[number * 800 : (number + 1) * 800].astype(np.float32), state, pose)
    return shown


def bad(kind: str, seconds: float) -> np.ndarray:
    count = int(seconds * RATE_HZ)
    time = np.arange(count) / RATE_HZ
    made = {
        "silence": lambda: np.zeros(count),
        "direct voltage": lambda: np.ones(count),
        "square wave": lambda: np.sign(np.sin(2 * np.pi * 220 * time)),
        "white noise": lambda: np.random.default_rng(2).uniform(-1, 1, count),
        "hum": lambda: 0.5 * np.sin(2 * np.pi * 20 * time),
        "music": lambda: 0.5 * np.repeat(noises.music(count // 2, np.random.default_rng(4)), 2),
    }
    return made[kind]().astype(np.float32)


KINDS = ("silence", "direct voltage", "square wave", "white noise", "hum", "music")


def test_the_package_is_whole_and_small() -> None:
    package = load_package(FOLDER)
    assert package.manifest.lookahead_ms == (0, 40, 80)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 8_000_000
    assert package.manifest.parity["fp32"] < 1e-4


def test_int8_says_the_same_on_every_processor() -> None:
    package = load_package(FOLDER)
    assert package.manifest.int8_exact
    assert largest_weight(package.model_path("int8")) <= MAX_WEIGHT
    speech = soundfile.read(speech_path(), dtype="float32")[0]
    exact, small = (run_onnx(package.model_path(precision), speech) for precision in ("fp32", "int8"))
    assert np.abs(small - exact).max() < 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_leaves_the_mouth_plausible(solver: LipsyncSolver, kind: str) -> None:
    shown = poses(solver, bad(kind, 4.0))
    assert np.isfinite(shown).all()
    assert (shown >= MINIMUM).all()
    assert (shown <= MAXIMUM).all()
    assert shown[:, JAW].max() <= 0.6
    assert (shown[:, JAW] - shown[:, CLOSE]).min() >= -1e-6


@pytest.mark.parametrize("kind", ["silence", "direct voltage", "hum"])
def test_where_nobody_speaks_the_mouth_rests(solver: LipsyncSolver, kind: str) -> None:
    assert poses(solver, bad(kind, 3.0))[60:, JAW].mean() < 0.02


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs flite to speak: apt install flite")
@pytest.mark.parametrize("kind", KINDS)
def test_half_a_second_after_bad_input_speech_is_followed_again(solver: LipsyncSolver, kind: str) -> None:
    from models.lipsync import flite  # noqa: PLC0415  (only where the program is)

    said = flite.speak("kal16", "Bob and Pam moved a big piano over the bumpy bridge, and nobody knew why.", "x").sound
    speech = np.repeat(said, 2)
    fresh = poses(solver, speech)
    before = bad(kind, 3.0)
    after = poses(solver, np.concatenate([before, speech]))[len(before) // 800 :]
    late = slice(30, min(len(fresh), len(after)))
    difference = np.abs(fresh[late, JAW] - after[late, JAW]).mean()
    assert difference < 0.05
    assert np.corrcoef(fresh[late, JAW], after[late, JAW])[0, 1] > 0.8
