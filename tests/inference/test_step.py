from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.inference.tiny import HOP, write_tiny
from visaged.inference.errors import PackageError
from visaged.inference.step import StepRunner


@pytest.fixture
def runner(tmp_path: Path) -> StepRunner:
    return StepRunner(write_tiny(tmp_path / "tiny"), providers=["cpu"])


def test_the_state_is_carried_from_step_to_step(runner: StepRunner) -> None:
    state = runner.initial_state()
    seen = []
    for level in (1.0, 0.0, 0.0, 1.0):
        state.inputs["sound"].fill(level)
        state = runner.step(state)
        seen.append(float(state.outputs["curves"][0, 60]))
    assert seen == [1.0, 0.5, 0.25, 1.125]
    assert state.read_state()["state_level"].tolist() == [[1.125]]


def test_streams_do_not_touch_each_other(runner: StepRunner) -> None:
    one, other = runner.initial_state(), runner.initial_state()
    one.inputs["sound"].fill(1.0)
    runner.step(one)
    runner.step(other)
    assert one.outputs["curves"][0, 0] == 1.0
    assert other.outputs["curves"][0, 0] == 0.0


def test_the_buffers_stay_and_a_step_allocates_nothing(runner: StepRunner) -> None:
    state = runner.initial_state()
    curves = state.outputs["curves"]
    sound = np.ones((1, HOP), np.float32)
    runner.step(state)
    tracemalloc.start()
    try:
        # onnxruntime keeps a pool of small objects (124 B each, up to 128) that first has to fill.
        for _ in range(1000):
            runner.step(state)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(200):
            state.inputs["sound"][:] = sound
            state = runner.step(state)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert state.outputs["curves"] is curves
    assert after - before < 1024
    # The smallest tensor of a real model is larger than this: no array came and went.
    assert peak - before < 3000
    assert curves[0, 0] == pytest.approx(2.0, abs=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": [{"name": "voice", "shape": [1, HOP]}]},
        {"inputs": [{"name": "sound", "shape": [1, HOP + 1]}]},
        {"outputs": [{"name": "curves", "shape": [1, 61], "dtype": "float16"}]},
        {"state": []},
        {"state": [{"name": "state_level", "output": "state_next", "shape": [1, 1]}]},
    ],
)
def test_a_graph_that_is_not_what_the_manifest_says_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    package = write_tiny(tmp_path / "tiny", **changes)
    with pytest.raises(PackageError, match=r"model\.json says"):
        StepRunner(package, providers=["cpu"])


def test_what_is_used_is_reported(runner: StepRunner) -> None:
    assert runner.providers == ("CPUExecutionProvider",)
    assert runner.precision == "fp32"
