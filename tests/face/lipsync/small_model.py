"""A tiny lipsync graph and package for tests: three look-aheads, a leaky level as state, activity."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from visaged.inference.package import Package, write_package

LOOKAHEADS_MS = (0, 40, 80)


def write_lipsync(folder: Path, samples: int = 800, sample_rate_hz: int = 48_000, **changes: Any) -> Package:
    """curves_<ms> = (level + ms / 1000) in all 61 curves, level' = level / 2 + mean |sound|, activity = level'."""
    folder.mkdir(parents=True)
    tensor = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Abs", ["sound"], ["magnitude"]),
        helper.make_node("ReduceMean", ["magnitude"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["state_level", "half"], ["faded"]),
        helper.make_node("Add", ["faded", "mean"], ["next_state_level"]),
        helper.make_node("Identity", ["next_state_level"], ["activity"]),
    ]
    constants = [helper.make_tensor("half", TensorProto.FLOAT, [], [0.5])]
    for ms in LOOKAHEADS_MS:
        constants.append(helper.make_tensor(f"offset_{ms}", TensorProto.FLOAT, [61], [ms / 1000] * 61))
        nodes.append(helper.make_node("Add", ["next_state_level", f"offset_{ms}"], [f"curves_{ms}"]))
    graph = helper.make_graph(
        nodes,
        "lipsync",
        [tensor("sound", TensorProto.FLOAT, [1, samples]), tensor("state_level", TensorProto.FLOAT, [1, 1])],
        [
            *(tensor(f"curves_{ms}", TensorProto.FLOAT, [1, 61]) for ms in LOOKAHEADS_MS),
            tensor("activity", TensorProto.FLOAT, [1, 1]),
            tensor("next_state_level", TensorProto.FLOAT, [1, 1]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "lipsync.onnx"))
    fields: dict[str, Any] = {
        "name": "lipsync",
        "kind": "lipsync",
        "version": "0.0.1",
        "precision": "fp32",
        "files": {"fp32": "lipsync.onnx"},
        "opset": 17,
        "sample_rate_hz": sample_rate_hz,
        "frame_rate_hz": 60,
        "lookahead_ms": list(LOOKAHEADS_MS),
        "inputs": [{"name": "sound", "shape": [1, samples]}],
        "outputs": [
            *({"name": f"curves_{ms}", "shape": [1, 61]} for ms in LOOKAHEADS_MS),
            {"name": "activity", "shape": [1, 1]},
        ],
        "state": [{"name": "state_level", "output": "next_state_level", "shape": [1, 1]}],
        "source": "made by hand for a test",
        "licence": "CC0-1.0",
        "parity": {"fp32": 0.0},
        "created": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }
    return write_package(folder, **(fields | changes))
