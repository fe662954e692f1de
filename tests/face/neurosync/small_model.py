"""A tiny NeuroSync graph and package for tests: each output is a feature column, scaled to percent."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from visaged.inference.package import Package, write_package

LEVEL, GAIN = 30.0, 10.0


def write_neurosync(
    folder: Path, *, answer: str = "linear", features: int = 256, columns: int = 68, **changes: Any
) -> Package:
    """curves[frame, k] = 30 + 10 features[frame, k] for k < ``columns``.

    NaN if ``answer`` is "nan"; if it is "nan in voice", where a frame's first autocorrelation is above one half.
    """
    folder.mkdir(parents=True)
    offset = np.nan if answer == "nan" else LEVEL
    weight = np.eye(features, columns, dtype=np.float32) * GAIN
    nodes = [
        helper.make_node("MatMul", ["features", "weight"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], ["curves"]),
    ]
    if answer == "nan in voice":
        nodes[-1].output[0] = "sum"
        nodes += [
            helper.make_node("Slice", ["features", "lag", "after_lag", "columns"], ["correlation"]),
            helper.make_node("Sub", ["half", "correlation"], ["room"]),
            helper.make_node("Sqrt", ["room"], ["root"]),
            helper.make_node("Sub", ["root", "root"], ["nothing"]),
            helper.make_node("Add", ["sum", "nothing"], ["curves"]),
        ]
    graph = helper.make_graph(
        nodes,
        "neurosync",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 128, features])],
        [helper.make_tensor_value_info("curves", TensorProto.FLOAT, [1, 128, columns])],
        [
            helper.make_tensor("weight", TensorProto.FLOAT, [features, columns], weight.ravel()),
            helper.make_tensor("offset", TensorProto.FLOAT, [], [offset]),
            helper.make_tensor("half", TensorProto.FLOAT, [], [0.5]),
            *(
                helper.make_tensor(name, TensorProto.INT64, [1], [value])
                for name, value in (("lag", 69), ("after_lag", 70), ("columns", 2))
            ),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "neurosync.onnx"))
    fields: dict[str, Any] = {
        "name": "neurosync",
        "kind": "neurosync",
        "version": "0.0.1",
        "precision": "fp32",
        "files": {"fp32": "neurosync.onnx"},
        "opset": 17,
        "sample_rate_hz": 88_200,
        "frame_rate_hz": 60,
        "lookahead_ms": 0,
        "inputs": [{"name": "features", "shape": [1, 128, features]}],
        "outputs": [{"name": "curves", "shape": [1, 128, columns]}],
        "position_encoding": "local",
        "source": "made by hand for a test",
        "licence": "CC0-1.0",
        "parity": {"fp32": 0.0},
        "created": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }
    return write_package(folder, **(fields | changes))
