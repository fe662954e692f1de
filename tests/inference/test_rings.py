from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from tests.inference.tiny import fields
from visaged.inference.errors import PackageError
from visaged.inference.package import Package, write_package
from visaged.inference.step import StepRunner

RING = {"name": "past", "output": "new_past", "shape": [2, 6], "axis": 1, "added": 2}


def write_ringed(folder: Path, **changes: Any) -> Package:
    """sound [2, 2] -> seen [2, 6] (the ring as the graph found it), new_past [2, 2] = sound."""
    folder.mkdir()
    graph = helper.make_graph(
        [helper.make_node("Identity", ["past"], ["seen"]), helper.make_node("Identity", ["sound"], ["new_past"])],
        "ringed",
        [_tensor("sound", 2, 2), _tensor("past", 2, 6)],
        [_tensor("seen", 2, 6), _tensor("new_past", 2, 2)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "tiny.onnx"))
    shapes: dict[str, Any] = {
        "inputs": [{"name": "sound", "shape": [2, 2]}],
        "outputs": [{"name": "seen", "shape": [2, 6]}],
        "state": [],
        "rings": [RING],
    }
    return write_package(folder, **fields(**(shapes | changes)))


def _tensor(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def test_what_a_step_adds_goes_over_the_oldest(tmp_path: Path) -> None:
    runner = StepRunner(write_ringed(tmp_path / "ringed"), providers=["cpu"])
    state, other = runner.initial_state(), runner.initial_state()
    for value in range(1, 6):
        state.inputs["sound"][:] = [[value, value + 0.5]] * 2
        state = runner.step(state)
    # Before the fifth step the fourth had wrapped around to the front.
    assert state.outputs["seen"].tolist() == [[4.0, 4.5, 2.0, 2.5, 3.0, 3.5]] * 2
    assert state.read_state()["past"].tolist() == [[4.0, 4.5, 5.0, 5.5, 3.0, 3.5]] * 2
    assert not runner.step(other).outputs["seen"].any()


@pytest.mark.parametrize(
    "changes",
    [{"rings": []}, {"rings": [RING | {"added": 3}]}, {"rings": [RING | {"output": "newer"}]}],
)
def test_a_graph_without_the_ring_that_is_declared_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    package = write_ringed(tmp_path / "ringed", **changes)
    with pytest.raises(PackageError, match=r"model\.json says"):
        StepRunner(package, providers=["cpu"])


@pytest.mark.parametrize("bad", [{"axis": 2}, {"added": 4}, {"added": 0}])
def test_a_ring_that_cannot_be_filled_evenly_is_refused(tmp_path: Path, bad: dict[str, int]) -> None:
    with pytest.raises(PackageError, match="rings"):
        write_ringed(tmp_path / "ringed", rings=[RING | bad])
