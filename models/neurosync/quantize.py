"""Matrix products in int8: weights per output channel, activations per tensor, sums in int32, everything else float32.

The first and the last layer stay float: features of unlike ranges go into one, curves come out of the other, and
together they are 0.2 % of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.int8_weights import MAX_WEIGHT
from models.neurosync.graph import MICROSOFT, Float, Graph
from models.neurosync.matrices import Array

_FLOAT: Final = ("encoder.embedding", "decoder.fc_output")


@dataclass(frozen=True)
class Range:
    """What an activation is quantised to: uint8 0 is ``low``, 255 is ``high``; zero is exact."""

    low: float
    high: float

    @property
    def scale(self) -> np.float32:
        """One step."""
        return np.float32(max(self.high - self.low, 1e-6) / 255)

    @property
    def zero(self) -> np.uint8:
        """The value that stands for 0."""
        return np.uint8(np.clip(round(-self.low / float(self.scale)), 0, 255))


class Dynamic:
    """Activations are scaled by what is in the window: no calibration."""

    dtype: type[np.floating[Any]] = np.float32

    def __init__(self) -> None:
        self._float = Float()

    def __call__(self, graph: Graph, x: str, name: str, make: Callable[[], tuple[Array, Array]]) -> str:
        """See ``graph.Linear``."""
        if name in _FLOAT:
            return self._float(graph, x, name, make)
        matrix, scale, bias = int8_weight(graph, name, make)
        return graph.one("DynamicQuantizeMatMul", x, matrix, scale, "", bias, domain=MICROSOFT)


class Static:
    """Activations are scaled by ranges that were measured on speech (calibrate.py)."""

    dtype: type[np.floating[Any]] = np.float32

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        """``ranges``: name of a product -> range of its input."""
        self._float = Float()
        self._ranges = ranges

    def __call__(self, graph: Graph, x: str, name: str, make: Callable[[], tuple[Array, Array]]) -> str:
        """See ``graph.Linear``."""
        if name in _FLOAT:
            return self._float(graph, x, name, make)
        found = self._ranges[name]
        matrix, scale, bias = int8_weight(graph, name, make)
        step = graph.constant(f"{name}.step", np.array(found.scale))
        zero = graph.constant(f"{name}.zero", np.array(found.zero))
        coded = graph.one("QuantizeLinear", x, step, zero)
        # As standard DequantizeLinear -> MatMul, ONNX Runtime 1.32 unfolds the weights to float: six times slower.
        return graph.one("MatMulIntegerToFloat", coded, matrix, step, scale, zero, "", bias, domain=MICROSOFT)


def int8_weight(graph: Graph, name: str, make: Callable[[], tuple[Array, Array]]) -> tuple[str, str, str]:
    """Matrix int8 [inputs, outputs], scale per output and bias, as names in the graph."""
    scale = graph.constant(f"{name}.scale", weight_scale(make()[0]))
    matrix = graph.weight(f"{name}.int8", lambda: to_int8(make()[0]))
    return matrix, scale, graph.constant(f"{name}.bias", make()[1])


def weight_scale(matrix: Array) -> Array:
    """Step per output: the largest weight is MAX_WEIGHT."""
    return np.asarray(np.maximum(np.abs(matrix).max(axis=0), 1e-8) / MAX_WEIGHT, np.float32)


def to_int8(matrix: Array) -> NDArray[np.int8]:
    """Symmetric, -MAX_WEIGHT..MAX_WEIGHT."""
    return np.rint(matrix / weight_scale(matrix)).astype(np.int8)
