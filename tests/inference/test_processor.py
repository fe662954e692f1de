"""int8 that clips without VNNI is found by the processor's flags and repaired when a package is opened."""

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.inference.tiny import fields
from visaged.inference import step
from visaged.inference.package import Package, write_package
from visaged.inference.processor import clips_int8
from visaged.inference.step import StepRunner

ZEN_3 = "processor\t: 0\nflags\t\t: fpu sse avx2 fma vaes\nbugs\t\t: spectre_v2\n"
TERMS = 256


@pytest.mark.parametrize(
    ("cpuinfo", "machine", "clips"),
    [
        (ZEN_3, "x86_64", True),
        (ZEN_3, "AMD64", True),
        (ZEN_3.replace("vaes", "avx512f avx512_vnni"), "x86_64", False),
        (ZEN_3.replace("vaes", "avx_vnni"), "x86_64", False),
        (ZEN_3.replace("spectre_v2", "avx_vnni"), "x86_64", True),
        ("", "x86_64", True),
        ("Features\t: fp asimd asimddp", "aarch64", False),
    ],
)
def test_the_flags_tell_who_clips(tmp_path: Path, cpuinfo: str, machine: str, clips: bool) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert clips_int8(tmp_path / "cpuinfo", machine) is clips


def test_without_flags_to_read_an_x86_may_clip(tmp_path: Path) -> None:
    assert clips_int8(tmp_path / "none", "x86_64")
    assert not clips_int8(tmp_path / "none", "aarch64")


def loud(folder: Path, **changes: object) -> Package:
    """Curves are the sum of the sound times weights of 127, in int8: 61 times the same."""
    weights = np.full((TERMS, 61), 127, np.int8)
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["sound"], ["x", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["x", "weights", "zero"], ["y"]),
        helper.make_node("Cast", ["y"], ["z"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["z", "scale"], ["curves"]),
    ]
    shape = [helper.make_tensor_value_info(*spec) for spec in (("sound", 1, [1, TERMS]), ("curves", 1, [1, 61]))]
    graph = helper.make_graph(nodes, "loud", shape[:1], shape[1:], [numpy_helper.from_array(weights, "weights")])
    folder.mkdir()
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "loud.onnx")
    made = {"precision": "int8", "files": {"int8": "loud.onnx"}, "parity": {"int8": 0.0}, "state": []}
    return write_package(folder, **fields(**made, inputs=[{"name": "sound", "shape": [1, TERMS]}], **changes))


def test_a_package_of_eight_bit_weights_is_right_here(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Opened as it is, it says 16,448 in place of 32,512 without VNNI."""
    caplog.set_level(logging.WARNING)
    runner = StepRunner(loud(tmp_path / "loud"), providers=["cpu"])
    state = runner.initial_state()
    state.inputs["sound"].fill(1.0)
    runner.step(state)
    np.testing.assert_allclose(state.outputs["curves"], 127 * TERMS, rtol=1e-5)
    assert ("import it anew" in caplog.text) is clips_int8()


@pytest.mark.parametrize(
    ("changes", "clips", "precise"),
    [({}, True, True), ({}, False, False), ({"int8_exact": True}, True, False), ({"int8_exact": False}, True, True)],
)
def test_only_what_clips_is_opened_in_the_slower_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, bool], clips: bool, precise: bool
) -> None:
    asked: list[bool] = []
    real = step.open_session

    def watched(*words: object, precise_int8: bool = False) -> object:
        asked.append(precise_int8)
        return real(*words, precise_int8=precise_int8)

    monkeypatch.setattr(step, "clips_int8", lambda: clips)
    monkeypatch.setattr(step, "open_session", watched)
    StepRunner(loud(tmp_path / "loud", **changes), providers=["cpu"])
    assert asked == [precise]
