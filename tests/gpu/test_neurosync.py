"""NeuroSync on a card: CUDA with and without a CUDA graph, and TensorRT engines, against the CPU. ``make test-gpu``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.neurosync.matrices import Model
from models.neurosync.packaging import graph_name, manifest_fields, write_float
from models.neurosync.shape import Shape
from models.neurosync.twin import random_weights
from visaged.inference.cuda_graph import open_captured
from visaged.inference.engine_build import build_engine
from visaged.inference.engines import is_built, key_of
from visaged.inference.gpu import GpuMissing
from visaged.inference.package import Package, write_package
from visaged.inference.step import CapturedState, StepRunner

SHAPE = Shape(hidden=256, feed_forward=512, layers=2, heads=4)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("models") / "neurosync"
    folder.mkdir()
    model = Model(random_weights(SHAPE), SHAPE, "local")
    for precision in ("fp32", "fp16"):
        write_float(folder, precision, model)
    names = {
        "files": {precision: graph_name(precision) for precision in ("fp32", "fp16")},
        "tensorrt": {precision: graph_name(precision, tensorrt=True) for precision in ("fp32", "fp16")},
    }
    told = {"parity": {"fp32": 0.0, "fp16": 0.1}, "source": "random", "licence": "CC0-1.0"}
    return write_package(folder, **manifest_fields(SHAPE, "local", **names, **told))


def _answer(package: Package, precision: str, provider: str, **options: Path) -> tuple[StepRunner, np.ndarray]:
    runner = StepRunner(package, precision, [provider], **options)
    state = runner.initial_state()
    answers = []
    for seed in (1, 2, 3):
        state.inputs["features"][...] = np.random.default_rng(seed).standard_normal((1, 128, 256))
        state = runner.step(state)
        answers.append(state.outputs["curves"].copy())
    return runner, np.stack(answers)


@pytest.mark.parametrize(("precision", "within"), [("fp32", 0.05), ("fp16", 0.5)])
def test_cuda_answers_as_the_cpu_does(package: Package, precision: str, within: float) -> None:
    runner, answer = _answer(package, precision, "cuda")
    assert runner.providers[0] == "CUDAExecutionProvider"
    np.testing.assert_allclose(answer, _answer(package, "fp32", "cpu")[1], atol=within)


def test_a_step_is_a_cuda_graph(package: Package) -> None:
    assert open_captured(package.model_path("fp16"), package.manifest, "fp16", ["cuda"], 1) is not None
    assert isinstance(StepRunner(package, "fp16", ["cuda"]).initial_state(), CapturedState)


def test_an_engine_is_built_kept_and_used(package: Package, tmp_path: Path) -> None:
    try:
        key = key_of(package, "fp16")
    except GpuMissing as error:
        pytest.skip(f"TensorRT: {error}")
    built = build_engine(package, "fp16", tmp_path, key)
    assert is_built(tmp_path, key)
    assert built.difference < 0.5
    runner, answer = _answer(package, "fp16", "tensorrt", engine_cache=tmp_path)
    assert runner.providers[0] == "TensorrtExecutionProvider"
    np.testing.assert_allclose(answer, _answer(package, "fp32", "cpu")[1], atol=0.5)
