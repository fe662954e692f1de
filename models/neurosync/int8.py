"""The int8 graph of a model: both ways of scaling activations are made and measured, the better one stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from models.neurosync import parity
from models.neurosync.graph import Graph, Linear, Network
from models.neurosync.matrices import Array, Model
from models.neurosync.parity import MOUTH_P99, Parity
from models.neurosync.quantize import Dynamic, Range, Static
from models.neurosync.speech import Windows
from models.neurosync.weights_file import WeightsFile
from visaged.inference.providers import CPU
from visaged.inference.session import open_session
from visaged.inference.timing import Timing, time_steps

Scaling = Literal["dynamic", "static"]

GRAPH: Final = "neurosync.int8.onnx"
# A way that is faster by less than this is not worth a larger error.
_FASTER: Final = 0.95
_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Candidate:
    """One way, measured."""

    scaling: Scaling
    parity: Parity
    timing: Timing


def write(
    folder: Path, model: Model, scaling: Scaling, ranges: Mapping[str, Range], progress: Callable[[int], None]
) -> Path:
    """Graph and weights of one way in ``folder``. Raises OSError."""
    linear: Linear = Dynamic() if scaling == "dynamic" else Static(ranges)
    with WeightsFile(folder / "neurosync.int8.weights", progress) as file:
        graph = Graph(file)
        output = Network(graph, model, linear, fused=True).build()
        graph.save(folder / GRAPH, model.shape, output)
    return folder / GRAPH


def measure(path: Path, scaling: Scaling, windows: Windows, reference: Array, threads: int) -> Candidate:
    """Error against ``reference`` and time on this box's CPU. Raises SessionError."""
    session = open_session(path, [CPU], threads)
    answer = parity.run(session, windows)
    feed = {"features": windows[:1]}
    return Candidate(scaling, parity.compare(answer, reference), time_steps(lambda: session.run(None, feed), _SECONDS))


def better(one: Candidate, other: Candidate) -> Candidate:
    """The one whose mouth is exact enough; of two such the clearly faster one, else the more exact one."""
    exact = [candidate for candidate in (one, other) if candidate.parity.mouth_p99 <= MOUTH_P99]
    if len(exact) == 1:
        return exact[0]
    fast, slow = sorted((one, other), key=lambda candidate: candidate.timing.p50_ms)
    if exact and fast.timing.p50_ms < _FASTER * slow.timing.p50_ms:
        return fast
    return min((one, other), key=lambda candidate: candidate.parity.mouth_p99)
