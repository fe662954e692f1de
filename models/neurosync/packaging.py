"""What every NeuroSync package says of itself, and the writing of its float graphs."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.neurosync.calibrate import write_watched
from models.neurosync.graph import OPSET, Float, Graph, Network
from models.neurosync.matrices import Model
from models.neurosync.shape import FRAMES, Shape
from models.neurosync.twin import NARROW, random_weights
from models.neurosync.weights_file import WeightsFile
from visaged.inference.manifest import PositionEncoding, Precision
from visaged.inference.package import Package, write_package

_SAMPLE_RATE_HZ: Final = 88_200
_FRAME_RATE_HZ: Final = 60.0
_DTYPES: Final[dict[Precision, type[np.floating[Any]]]] = {"fp32": np.float32, "fp16": np.float16}


def manifest_fields(shape: Shape, position: PositionEncoding, **changes: Any) -> dict[str, Any]:
    """The fields of model.json (inference/manifest.py) that do not depend on the weights."""
    return {
        "name": "neurosync",
        "kind": "neurosync",
        "version": "1.0.0",
        "precision": "fp32",
        "opset": OPSET,
        "sample_rate_hz": _SAMPLE_RATE_HZ,
        "frame_rate_hz": _FRAME_RATE_HZ,
        "lookahead_ms": 0.0,
        "inputs": [{"name": "features", "shape": [1, FRAMES, shape.inputs]}],
        "outputs": [{"name": "curves", "shape": [1, FRAMES, shape.outputs]}],
        "position_encoding": position,
        "created": datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0),
    } | changes


def graph_name(precision: Precision, tensorrt: bool = False) -> str:
    """File name of a graph."""
    return f"neurosync.{precision}{'.tensorrt' if tensorrt else ''}.onnx"


def write_float(
    folder: Path,
    precision: Precision,
    model: Model,
    progress: Callable[[int], None] = lambda written: None,
    watched: Path | None = None,
) -> dict[str, str]:
    """Both graphs of ``precision`` (fp32, fp16), and their common weights, in ``folder``. Raises OSError.

    ``watched``: also write the graph for calibration there; returns what ``calibrate.write_watched`` does.
    """
    linear = Float(_DTYPES[precision])
    with WeightsFile(folder / f"neurosync.{precision}.weights", progress) as file:
        for tensorrt in (False, True):
            graph = Graph(file)
            output = Network(graph, model, linear, fused=not tensorrt).build()
            graph.save(folder / graph_name(precision, tensorrt), model.shape, output)
        return write_watched(watched, file, model) if watched else {}


def write_random(
    folder: Path, shape: Shape = NARROW, position: PositionEncoding = "local", seed: int = 1, **changes: Any
) -> Package:
    """A package with random weights in fp32, in a new ``folder``: for tests and timing. Needs onnx, not torch.

    ``changes``: fields of model.json.
    """
    folder.mkdir(parents=True)
    write_float(folder, "fp32", Model(random_weights(shape, seed), shape, position))
    fields = {
        "files": {"fp32": graph_name("fp32")},
        "tensorrt": {"fp32": graph_name("fp32", tensorrt=True)},
        "parity": {"fp32": 0.0},
        "source": f"random weights, seed {seed}: moves, but not to the voice",
        "licence": "CC0-1.0",
    }
    return write_package(folder, **manifest_fields(shape, position, **fields | changes))
