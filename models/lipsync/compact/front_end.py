"""Sound to what the networks hear: ``models.lipsync.frontend`` for one frame of two hops, as operators."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.lipsync import cmu, frontend
from models.lipsync.compact.graph import Graph
from models.lipsync.compact.spectrum import COLUMNS, RESIDUES, banks, tables
from models.lipsync.frontend import HOP, MELS, WINDOW, FrontEnd

_HEARD = MELS + 1


class Heard(NamedTuple):
    """Values of one frame, and the state after it."""

    bands: str
    """[1, 82]: mels and level of both hops."""
    scores: str
    """[1, 126]: log posteriors of the phone states, scaled, floored at -8."""
    sound: str
    level: str
    mean: str
    cepstra: str


def add(graph: Graph, front: FrontEnd, sound: str, state: tuple[str, str, str, str]) -> Heard:
    """``sound`` [1, 400]; ``state``: sound [1, 400], level [1, 2], mean [1, 13], cepstra [5, 13]."""
    tail, level, mean, cepstra = state
    # A running normaliser must not be taught levels that no converter gives.
    bounded = graph.op("Clip", sound, *map(graph.constant, (-1.0, 1.0)))
    heard = graph.op("Concat", tail, bounded, axis=1)
    logs = _spectra(graph, front, heard)
    levels, next_level = _levels(graph, logs, level)
    relative = graph.op("Sub", logs, levels)
    bands = graph.op("Clip", graph.part(relative, 0, _HEARD), *map(graph.constant, frontend.CLIP))
    first, second, next_mean = _cepstra(graph, front, relative, mean)
    window = graph.op("Concat", cepstra, first, second, axis=0)
    return Heard(
        graph.shaped(bands, 1, 2 * _HEARD),
        _scores(graph, front, window),
        graph.part(heard, frontend.FRAME, frontend.FRAME + WINDOW - HOP),
        next_level,
        next_mean,
        graph.part(window, 2, 2 + frontend.HISTORY, axis=0),
    )


def _spectra(graph: Graph, front: FrontEnd, heard: str) -> str:
    """Both hops' log powers, above the level's floor: [2, 40 mels + 1 broadband + 25 Sphinx bands]."""
    window = _array(front.window)
    filters = _array(front.bands)
    order = [*range(MELS), filters.shape[1] - 1, *range(MELS, filters.shape[1] - 1)]
    inner, outer, where = tables(WINDOW // COLUMNS, len(filters))
    hops = graph.op("Concat", graph.part(heard, 0, WINDOW), graph.part(heard, HOP, HOP + WINDOW), axis=0)
    rows = graph.op("Mul", graph.shaped(hops, 2, -1, COLUMNS), graph.constant(window.reshape(-1, COLUMNS)))
    columns = graph.shaped(graph.op("MatMul", graph.constant(inner), rows), 2, RESIDUES, 2 * COLUMNS)
    by_residue = graph.op("MatMul", graph.op("Transpose", columns, perm=[1, 0, 2]), graph.constant(outer))
    parts = graph.shaped(graph.op("Transpose", by_residue, perm=[1, 0, 2]), 2, -1)
    # The level's floor is subtracted from every band: as a factor it costs nothing.
    floor = float(np.exp(-frontend.LEVEL_FLOOR))
    weights = banks(filters[:, order], where) * floor
    power = graph.op("MatMul", graph.op("Mul", parts, parts), graph.constant(weights))
    return graph.op("Log", graph.op("Add", power, graph.constant(frontend.FLOOR_POWER * floor)))


def _levels(graph: Graph, logs: str, level: str) -> tuple[str, str]:
    """Level of both hops [2, 1], and the state [1, 2] after them.

    Both steps at once: smooth' = (1 - a) smooth + a log, level' = max(smooth', level - release, 0).
    """
    attack = 1.0 - float(np.exp(-frontend.HOP_S / frontend.ATTACK_S))
    release = frontend.RELEASE_DB_PER_S * frontend.HOP_S * float(np.log(10) / 10)
    keep = 1.0 - attack
    # From smooth, level and the logs of both hops.
    one, two = np.array([keep, 0, attack, 0]), np.array([keep**2, 0, keep * attack, attack])
    held = np.array([0.0, 1.0, 0.0, 0.0])
    weights = np.stack([one, held, one, two, one, held], axis=1)
    less = np.array([0.0, release, 0.0, 0.0, release, 2 * release])
    broad = graph.shaped(graph.part(logs, MELS, MELS + 1), 1, 2)
    before = graph.op("Concat", level, broad, axis=1)
    candidates = graph.op("Gemm", before, graph.constant(weights), graph.constant(-less))
    highest = graph.op("ReduceMax", graph.shaped(candidates, 2, 3), axes=[1], keepdims=1)
    levels = graph.op("Relu", highest)
    last = graph.op("Concat", graph.part(candidates, 3, 4), graph.part(levels, 1, 2, axis=0), axis=1)
    return levels, last


def _cepstra(graph: Graph, front: FrontEnd, relative: str, mean: str) -> tuple[str, str, str]:
    """Centred cepstra [1, 13] of both hops, and the running mean after them."""
    bands = MELS + 1 + frontend.SPHINX_FILTERS
    rate = frontend.HOP_S / frontend.MEAN_S
    # The last column is how near a hop is to the level, times how fast the mean moves.
    weights = np.zeros((bands, cmu.CEPSTRA + 1))
    weights[_HEARD:, :-1] = _array(front.cepstrum)
    weights[MELS, -1] = rate / 3.0
    offset = np.append(-_array(front.mean_cepstra), 8.0 * rate / 3.0)
    both = graph.op("Gemm", relative, graph.constant(weights), graph.constant(offset))
    cepstra, near = graph.split(both, [cmu.CEPSTRA, 1])
    near = graph.op("Clip", near, graph.constant(0.0), graph.constant(rate))
    centred = []
    for of_hop, nearness in zip(graph.split(cepstra, [1, 1], 0), graph.split(near, [1, 1], 0), strict=True):
        centred.append(graph.op("Sub", of_hop, mean))
        mean = graph.op("Add", mean, graph.op("Mul", nearness, centred[-1]))
    return centred[0], centred[1], mean


def _scores(graph: Graph, front: FrontEnd, window: str) -> str:
    """Seven hops of cepstra [7, 13] -> log posteriors [1, 126], scaled and floored."""
    delta, scale = frontend.DELTA_SCALE, _array(front.cepstral_scale).reshape(cmu.STREAMS, cmu.CEPSTRA)
    differences = np.zeros((cmu.STREAMS, 7))
    differences[0, 3] = 1.0
    differences[1, [5, 1]] = delta, -delta
    differences[2, [6, 2, 4, 0]] = delta**2 * np.array([1, -1, -1, 1])
    plain = graph.op("MatMul", graph.constant(differences), window)
    x = graph.op("Mul", plain, graph.constant(1.0 / scale))
    ones = graph.constant(np.ones((cmu.STREAMS, 1)))
    terms = graph.shaped(graph.op("Concat", graph.op("Mul", x, x), x, ones, axis=1), cmu.STREAMS, 1, -1)
    gaussians = graph.constant(_array(front.gaussians), "front.gaussians")
    constants = graph.constant(_array(front.gaussian_constants), "front.gaussian_constants")
    # Joined when the graph is loaded; apart, the larger half of the file fits half precision.
    table = graph.op("Concat", gaussians, constants, axis=1)
    logs = graph.shaped(graph.op("MatMul", terms, table), cmu.STREAMS, cmu.PHONES, cmu.GAUSSIANS)
    best = graph.op("ReduceMax", logs, axes=[2], keepdims=1)
    near = graph.shaped(graph.op("Exp", graph.op("Sub", logs, best)), cmu.STREAMS, cmu.PHONES, 1, cmu.GAUSSIANS)
    mixture = graph.constant(_array(front.weights).transpose(0, 1, 3, 2), "front.weights")
    sums = graph.op("ReduceSum", graph.op("Mul", near, mixture), graph.constant(np.array([3])), keepdims=0)
    floored = graph.op("Log", graph.op("Add", sums, graph.constant(1e-20)))
    total = graph.op("ReduceSum", graph.op("Add", floored, best), graph.constant(np.array([0])), keepdims=0)
    scaled = graph.op("Mul", graph.shaped(total, 1, cmu.STATES), graph.constant(frontend.SCORE_SCALE))
    return graph.op("Clip", graph.op("LogSoftmax", scaled, axis=1), graph.constant(frontend.SCORE_FLOOR))


def _array(tensor: object) -> NDArray[np.float64]:
    """A table of the front end, in double precision: what is folded is rounded once."""
    return np.asarray(tensor, np.float64)
