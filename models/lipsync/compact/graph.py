"""Writes an ONNX graph: an operator a call, constants as arrays, names made up where nobody asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class Graph:
    """Grows by ``op`` and ``constant``; values are names."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: tuple[int, ...]) -> str:
        """A float32 input of the graph."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, name: str, value: str, shape: tuple[int, ...]) -> None:
        """Say that ``value`` is the float32 output ``name``."""
        for node in self._nodes:
            for index, produced in enumerate(node.output):
                if produced == value:
                    node.output[index] = name
            for index, used in enumerate(node.input):
                if used == value:
                    node.input[index] = name
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def constant(self, values: NDArray[np.generic] | float, name: str = "") -> str:
        """Floats become float32; integers int64."""
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        name = name or f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: float | list[int]) -> str:
        """One operator; the name of its first output, the others end in _1, _2 …"""
        name = f"{kind.lower()}_{len(self._nodes)}"
        names = [name, *(f"{name}_{index}" for index in range(1, outputs))]
        node = helper.make_node(kind, list(inputs), names, name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self._nodes.append(node)
        return name

    def linear(self, value: str, weights: NDArray[np.generic], offset: NDArray[np.generic], name: str) -> str:
        """``value @ weights + offset``, as the two operators that the quantiser knows; a session joins them."""
        return self.op("Add", self.op("MatMul", value, self.constant(weights, name)), self.constant(offset))

    def split(self, value: str, sizes: list[int], axis: int = 1) -> list[str]:
        """``value`` in pieces."""
        first = self.op("Split", value, self.constant(np.array(sizes)), outputs=len(sizes), axis=axis)
        return [first, *(f"{first}_{index}" for index in range(1, len(sizes)))]

    def part(self, value: str, start: int, stop: int, axis: int = 1) -> str:
        """``value[start:stop]`` along ``axis``."""
        places = [self.constant(np.array([place])) for place in (start, stop, axis)]
        return self.op("Slice", value, *places)

    def shaped(self, value: str, *shape: int) -> str:
        """``value`` in another shape."""
        return self.op("Reshape", value, self.constant(np.array(shape)))

    def save(self, path: Path) -> None:
        """Check it and write it. Raises OSError, onnx.checker.ValidationError."""
        graph = helper.make_graph(self._nodes, "lipsync", self._inputs, self._outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
