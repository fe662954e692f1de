"""Smaller forms of a graph: 8-bit weights, and what half precision can hold stored as that."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

RECURRENT: Final = "gru."
"""What the names of their weights begin with (compact/networks.py)."""

# Constants larger than this are worth storing small.
_LARGE_VALUES: Final = 4096
_HALF: Final = "_half"


def quantize(source: Path, target: Path) -> None:
    """The recurrent layers' matrix products with 8-bit weights; what is before and after them has too wide a range.

    The weights are uint8: right on every processor (models/int8_weights.py), and for one row as fast as int8.
    ``source``: float32, as written or unfolded.
    """
    graph = onnx.load(source).graph
    learned = {w.name for w in graph.initializer if w.name.startswith(RECURRENT) and len(w.dims) == 2}
    ours = [n.name for n in graph.node if n.op_type == "MatMul" and learned.intersection(n.input)]
    root = logging.getLogger()
    level = root.level
    # The quantiser tells the root logger of every tensor it leaves alone.
    root.setLevel(logging.ERROR)
    try:
        quantize_dynamic(source, target, nodes_to_quantize=ours, weight_type=QuantType.QUInt8, per_channel=True)
    finally:
        root.setLevel(level)


def unfold(source: Path, target: Path) -> None:
    """Write ``source`` with what ``shrink`` stores in half precision as float32 again."""
    model = onnx.load(source)
    graph = model.graph
    halves = {tensor.name: tensor for tensor in graph.initializer if tensor.name.endswith(_HALF)}
    for node in list(graph.node):
        if node.op_type == "Cast" and node.input[0] in halves:
            half = halves[node.input[0]]
            values = numpy_helper.to_array(half).astype(np.float32)
            graph.initializer.remove(half)
            graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
            graph.node.remove(node)
    onnx.save(model, target)


def shrink(path: Path) -> None:
    """Store what half precision holds as such; a session unfolds it on loading."""
    model = onnx.load(path)
    graph = model.graph
    front: list[onnx.NodeProto] = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _LARGE_VALUES:
            continue
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if np.array_equal(half.astype(np.float32), values):
            graph.initializer.remove(tensor)
            graph.initializer.append(numpy_helper.from_array(half, f"{tensor.name}{_HALF}"))
            front.append(helper.make_node("Cast", [f"{tensor.name}{_HALF}"], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*front, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)
