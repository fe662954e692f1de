"""A tiny streaming ONNX model and its package, for tests: state' = state / 2 + mean(sound); curves: state' in all."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from visaged.inference.package import Package, write_package

HOP = 800


def write_model(path: Path) -> None:
    """Graph: sound [1, 800], state_level [1, 1] -> curves [1, 61], next_state_level [1, 1]."""
    nodes = [
        helper.make_node("ReduceMean", ["sound"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["state_level", "half"], ["faded"]),
        helper.make_node("Add", ["faded", "mean"], ["next_state_level"]),
        helper.make_node("Expand", ["next_state_level", "shape"], ["curves"]),
    ]
    constants = [
        helper.make_tensor("half", TensorProto.FLOAT, [], [0.5]),
        helper.make_tensor("shape", TensorProto.INT64, [2], [1, 61]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [_tensor("sound", 1, HOP), _tensor("state_level", 1, 1)],
        [_tensor("curves", 1, 61), _tensor("next_state_level", 1, 1)],
        constants,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def fields(**changes: Any) -> dict[str, Any]:
    """Manifest fields of the tiny package."""
    return {
        "name": "tiny",
        "kind": "lipsync",
        "version": "1.0.0",
        "precision": "fp32",
        "files": {"fp32": "tiny.onnx"},
        "opset": 17,
        "sample_rate_hz": 48_000,
        "frame_rate_hz": 60.0,
        "lookahead_ms": 0,
        "inputs": [{"name": "sound", "shape": [1, HOP]}],
        "outputs": [{"name": "curves", "shape": [1, 61]}],
        "state": [{"name": "state_level", "output": "next_state_level", "shape": [1, 1]}],
        "source": "made by hand for a test",
        "licence": "CC0-1.0",
        "parity": {"fp32": 0.0},
        "created": datetime(2026, 1, 1, tzinfo=timezone.utc),
    } | changes


def write_tiny(folder: Path, **changes: Any) -> Package:
    """A sound package in a new ``folder``."""
    folder.mkdir(parents=True)
    write_model(folder / "tiny.onnx")
    return write_package(folder, **fields(**changes))


def _tensor(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
