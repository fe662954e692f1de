from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.inference.tiny import HOP, fields, write_tiny
from visaged.inference import cuda_graph, step
from visaged.inference.cuda_graph import open_captured
from visaged.inference.errors import PackageError
from visaged.inference.package import write_package
from visaged.inference.session import open_session
from visaged.inference.step import CapturedState, StepRunner


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


class _Stateless:
    """A session and its package: curves = features * 2, no state."""

    def __init__(self, folder: Path) -> None:
        node = helper.make_node("Mul", ["features", "two"], ["curves"])
        tensors = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 61]) for n in ("features", "curves")]
        two = helper.make_tensor("two", TensorProto.FLOAT, [], [2.0])
        graph = helper.make_graph([node], "double", tensors[:1], tensors[1:], [two])
        folder.mkdir()
        onnx.save(
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "t.onnx"
        )
        shape = {"shape": [1, 61]}
        changes = {"files": {"fp32": "t.onnx"}, "state": [], "inputs": [{"name": "features", **shape}]}
        self.package = write_package(folder, **fields(outputs=[{"name": "curves", **shape}], **changes))
        self.session = open_session(folder / "t.onnx", ["cpu"])


def test_a_captured_stream_copies_in_and_out_and_binds_once(tmp_path: Path) -> None:
    model = _Stateless(tmp_path / "double")
    state = CapturedState(model.session, model.package, device="cpu")
    curves, binding = state.outputs["curves"], state.next_binding()
    for value in (1.0, -3.0):
        state.inputs["features"].fill(value)
        assert state.next_binding() is binding
        model.session.run_with_iobinding(binding)
        state.move_on()
        assert state.outputs["curves"] is curves
        assert (curves == 2 * value).all()


@pytest.mark.parametrize("change", [{"providers": ["cpu"]}, {"precision": "int8"}, {"providers": ["tensorrt"]}])
def test_no_cuda_graph_where_it_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(cuda_graph, "available", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    monkeypatch.setattr(cuda_graph, "open_session", lambda *asked: opened.append(asked))
    model = _Stateless(tmp_path / "double")
    asked: dict[str, Any] = {"precision": "fp16", "providers": ["auto"]}
    open_captured(Path("a.onnx"), model.package.manifest, threads=1, **asked)
    assert opened == [(Path("a.onnx"), ["cuda"], 1, {"CUDAExecutionProvider": {"enable_cuda_graph": "1"}})]
    open_captured(Path("a.onnx"), model.package.manifest, threads=1, **asked | change)
    open_captured(Path("a.onnx"), write_tiny(tmp_path / "tiny").manifest, threads=1, **asked)
    assert len(opened) == 1


def test_int8_is_the_cpus_where_the_choice_is_free(tmp_path: Path) -> None:
    assert list(step._fitting(["auto"], "int8")) == ["CPUExecutionProvider"]
    assert list(step._fitting(["auto"], "fp16")) == ["auto"]
    assert list(step._fitting(["cuda"], "int8")) == ["cuda"]
