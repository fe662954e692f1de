"""Ranges of the activations on speech: the float graph runs on it and shows what goes into each product."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.neurosync.graph import Float, Graph, Network
from models.neurosync.matrices import Array, Model
from models.neurosync.quantize import Range
from models.neurosync.speech import Windows
from models.neurosync.weights_file import WeightsFile
from visaged.inference.session import OrtSession

# Values kept per activation and window, besides its extremes: enough to see where clipping pays.
_KEPT: Final = 4096
# Shares of the full range that are tried.
_SHARES: Final = np.linspace(0.4, 1.0, 25)


class _Watched(Float):
    """Products that remember what goes into them."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: dict[str, str] = {}

    def __call__(self, graph: Graph, x: str, name: str, make: Callable[[], tuple[Array, Array]]) -> str:
        """See ``graph.Linear``."""
        self.inputs[name] = x
        return super().__call__(graph, x, name, make)


def write_watched(path: Path, file: WeightsFile, model: Model) -> dict[str, str]:
    """The fp32 graph with every product's input as an output; its weights are those of ``file``.

    Returns the name of each product -> the name of that output. Raises OSError.
    """
    graph, watched = Graph(file), _Watched()
    output = Network(graph, model, watched, fused=True).build()
    graph.save(path, model.shape, output, also=sorted(set(watched.inputs.values())))
    return watched.inputs


def measure_ranges(
    session: OrtSession, inputs: Mapping[str, str], windows: Windows, progress: Callable[[float], None]
) -> dict[str, Range]:
    """Name of a product -> range of its input over ``windows`` with the least square error of uint8.

    ``session``, ``inputs``: of ``write_watched``.
    """
    rng = np.random.default_rng(1)
    seen = sorted(set(inputs.values()))
    kept: Mapping[str, list[NDArray[np.float32]]] = {tensor: [] for tensor in seen}
    for done, window in enumerate(windows):
        for tensor, values in zip(seen, session.run(seen, {"features": window[None]}), strict=True):
            kept[tensor].append(np.append(rng.choice(values.ravel(), _KEPT), (values.min(), values.max())))
        progress((done + 1) / len(windows))
    best = {tensor: best_range(np.concatenate(values)) for tensor, values in kept.items()}
    return {name: best[tensor] for name, tensor in inputs.items()}


def best_range(values: NDArray[np.float32]) -> Range:
    """The range, of shares of the extremes, whose 256 steps represent ``values`` with the least square error."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    ranges = [Range(low * float(share), high * float(share)) for share in _SHARES]
    return min(ranges, key=lambda found: _square_error(values, found))


def _square_error(values: NDArray[np.float32], found: Range) -> float:
    zero = float(found.zero)
    coded = np.clip(np.rint(values / found.scale) + zero, 0, 255)
    return float(np.square((coded - zero) * found.scale - values).sum())
