"""Smaller forms of an exported graph: 8-bit weights, and what half precision or a rule can hold stored as that."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

# Constants larger than this are worth storing small.
_LARGE_VALUES: Final = 4096
_FFT: Final = 768
_HALF: Final = "_half"


def quantize(source: Path, target: Path) -> None:
    """The networks' matrix products with 8-bit weights; the front end stays as it is, its range is too wide.

    The weights are uint8: right on every processor (models/int8_weights.py), and for one row as fast as int8.
    ``source``: float32, as exported or unfolded.
    """
    graph = onnx.load(source).graph
    learned = {
        w.name
        for w in graph.initializer
        if len(w.dims) == 2 and w.dims[0] * w.dims[1] > _LARGE_VALUES and not w.name.startswith("front.")
    }
    ours = [n.name for n in graph.node if n.op_type in ("MatMul", "Gemm") and learned.intersection(n.input)]
    root = logging.getLogger()
    level = root.level
    # The quantiser tells the root logger of every tensor it leaves alone.
    root.setLevel(logging.ERROR)
    try:
        quantize_dynamic(source, target, nodes_to_quantize=ours, weight_type=QuantType.QUInt8, per_channel=True)
    finally:
        root.setLevel(level)


def unfold(source: Path, target: Path) -> None:
    """Write ``source`` with what ``shrink`` stores in half precision as float32 again; Fourier tables stay a rule."""
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
    """Store what half precision holds as such and the Fourier tables as a rule; a session unfolds both on loading."""
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
        elif _is_fourier(values, phase=0):
            graph.initializer.remove(tensor)
            front += _fourier_nodes(graph, tensor.name, values.shape, phase=0)
        elif _is_fourier(values, phase=_FFT // 4):
            graph.initializer.remove(tensor)
            front += _fourier_nodes(graph, tensor.name, values.shape, phase=_FFT // 4)
    nodes = [*front, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _is_fourier(values: NDArray[np.float32], phase: int) -> bool:
    return values.ndim == 2 and np.allclose(values, _fourier(values.shape, phase), atol=1e-6)


def _circle() -> NDArray[np.float32]:
    return np.cos(2 * np.pi * np.arange(_FFT) / _FFT).astype(np.float32)


def _fourier(shape: tuple[int, ...], phase: int) -> NDArray[np.float32]:
    """cos(2 pi (n k - phase) / 768): the cosine table, or the sine table for a quarter turn."""
    return _circle()[(np.outer(np.arange(shape[0]), np.arange(shape[1])) + _FFT - phase) % _FFT]


def _fourier_nodes(graph: onnx.GraphProto, name: str, shape: tuple[int, ...], phase: int) -> list[onnx.NodeProto]:
    def constant(label: str, values: NDArray[np.generic]) -> str:
        graph.initializer.append(numpy_helper.from_array(values, f"{name}_{label}"))
        return f"{name}_{label}"

    rows = constant("n", np.arange(shape[0], dtype=np.int64)[:, None])
    ks = constant("k", np.arange(shape[1], dtype=np.int64)[None, :])
    turn = constant("turn", np.array(_FFT - phase, np.int64))
    period = constant("period", np.array(_FFT, np.int64))
    return [
        helper.make_node("Mul", [rows, ks], [f"{name}_nk"]),
        helper.make_node("Add", [f"{name}_nk", turn], [f"{name}_turned"]),
        helper.make_node("Mod", [f"{name}_turned", period], [f"{name}_index"]),
        helper.make_node("Gather", [constant("circle", _circle()), f"{name}_index"], [name]),
    ]
