"""Logits to curves: ``Answer.agreed`` and ``Decoder`` for all look-aheads at once, as operators."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.lipsync import decide, decode, model
from models.lipsync.compact.graph import Graph
from models.lipsync.decode import Decoder
from models.lipsync.model import OUTPUTS
from models.lipsync.targets import CLOSURE, CONTACT, LOOKAHEADS_MS, SPEECH
from models.lipsync.visemes import CHANNELS, OVR, SHAPES, typical
from visaged.curves import COUNT

_HEADS: Final = len(LOOKAHEADS_MS)
_CHANNELS: Final = len(CHANNELS)
# No viseme is so unlikely that its logarithm is not finite.
_NEVER_ZERO: Final = 1e-30


class Shown(NamedTuple):
    """Values of one frame, and the state after it."""

    curves: list[str]
    """[1, 61] of each look-ahead."""
    activity: str
    recent: str


def heads() -> NDArray[np.float64]:
    """[logits of the networks, wanted]: per look-ahead 17 decisions and 15 visemes side by side; own shares weighed."""
    table = np.zeros((_HEADS * (OUTPUTS + len(OVR)), _HEADS, OUTPUTS + len(OVR)))
    for head in range(_HEADS):
        for column in range(OUTPUTS):
            share = 1.0 - model.VISEMES_SHARE[column][1] if column in model.VISEMES_SHARE else 1.0
            table[head * OUTPUTS + column, head, column] = share
        for viseme in range(len(OVR)):
            table[_HEADS * OUTPUTS + head * len(OVR) + viseme, head, OUTPUTS + viseme] = 1.0
    return table.reshape(len(table), -1)


def add(graph: Graph, decoder: Decoder, logits: str, recent: str) -> Shown:
    """``logits`` [1, …] in the order of ``heads``; ``recent`` [2, look-aheads]."""
    channels, decisions = _agreed(graph, logits)
    awake, decided, next_recent = _decide(graph, decoder, decisions, recent)
    curves = _mouth(graph, decoder, channels, awake, decided)
    at_40 = LOOKAHEADS_MS.index(40)
    speech = graph.part(graph.part(decisions, at_40, at_40 + 1, axis=0), SPEECH - CLOSURE, SPEECH - CLOSURE + 1)
    return Shown(graph.split(curves, [1] * _HEADS, axis=0), speech, next_recent)


def _agreed(graph: Graph, logits: str) -> tuple[str, str]:
    """Channels [look-aheads, 14] and closure, contact, speech [look-aheads, 3], all 0..1."""
    own, visemes = graph.split(graph.shaped(logits, _HEADS, -1), [OUTPUTS, len(OVR)])
    shares = model.VISEMES_SHARE
    chances = np.zeros((len(OVR), 2 * len(shares)))
    odds = np.zeros((2 * len(shares), OUTPUTS))
    for place, (column, (viseme, share)) in enumerate(shares.items()):
        # Chance of the viseme and of all others; the logarithm of their ratio is the odds.
        chances[:, 2 * place + 1] = 1.0
        chances[viseme, 2 * place : 2 * place + 2] = 1.0, 0.0
        odds[2 * place : 2 * place + 2, column] = share, -share
    looks, kept = np.zeros((len(OVR), _CHANNELS)), np.ones(_CHANNELS)
    for column in model.ROUND:
        looks[:, column], kept[column] = model.ROUND_SHARE * typical()[:, column], 1.0 - model.ROUND_SHARE
    likely = graph.op("Softmax", visemes, axis=1)
    both = graph.op("MatMul", likely, graph.constant(np.concatenate([chances, looks], axis=1)))
    ratio, expected = graph.split(both, [2 * len(shares), _CHANNELS])
    logs = graph.op("Log", graph.op("Add", ratio, graph.constant(_NEVER_ZERO)))
    agreed = graph.op("Add", own, graph.op("MatMul", logs, graph.constant(odds)))
    channels, decisions = graph.split(graph.op("Sigmoid", agreed), [_CHANNELS, OUTPUTS - _CHANNELS])
    # Roundness is the mean of two values, not of two logits.
    return graph.op("Add", graph.op("Mul", channels, graph.constant(kept)), expected), decisions


def _decide(graph: Graph, decoder: Decoder, decisions: str, recent: str) -> tuple[str, str, str]:
    """How awake [look-aheads, 1], closure and contact [2, look-aheads], what was shown of late.

    All ramps at once: awake, on time and late of closure and of contact, each for every look-ahead.
    """
    width = SPEECH - CLOSURE + 1
    lines = _Ramps(5, width)
    for head in range(_HEADS):
        after = min(head + 1, _HEADS - 1)
        lines.add((head, SPEECH - CLOSURE), (0, head), *decode.RESTING)
        for row, (decision, column) in enumerate(((decoder.closure, CLOSURE), (decoder.contact, CONTACT))):
            for source, kind, threshold in ((head, 1 + row, decision.sure), (after, 3 + row, decision.late)):
                low, high = (float(threshold[head]) + edge for edge in decision.ramp)
                lines.add((source, column - CLOSURE), (kind, head), low, high)
    weights, offset = (graph.constant(one) for one in (lines.weights.reshape(_HEADS * width, -1), lines.offset.ravel()))
    parts = graph.shaped(graph.op("Gemm", graph.shaped(decisions, 1, _HEADS * width), weights, offset), 5, _HEADS)
    ramps = _smooth(graph, graph.op("Clip", parts, *map(graph.constant, (0.0, 1.0))))
    awake, on_time, late = graph.split(ramps, [1, 2, 2], axis=0)
    low, high = decide.SHOWN
    shown = _smooth(graph, graph.op("HardSigmoid", on_time, alpha=1.0 / (high - low), beta=-low / (high - low)))
    frames = decide.HELD_FRAMES + decide.FADE_FRAMES
    next_recent = graph.op("Max", shown, graph.op("Sub", recent, graph.constant(1.0 / frames)))
    free = graph.op("HardSigmoid", next_recent, alpha=-frames / decide.FADE_FRAMES, beta=1.0)
    decided = graph.op("Max", on_time, graph.op("Mul", late, free))
    return graph.shaped(awake, _HEADS, 1), decided, next_recent


def _mouth(graph: Graph, decoder: Decoder, channels: str, awake: str, decided: str) -> str:
    """Curves [look-aheads, 61]: lips closed or on the teeth where that was decided, at rest where nobody speaks."""
    closed, touching = (graph.shaped(one, _HEADS, 1) for one in graph.split(decided, [1, 1], axis=0))
    open_ = graph.op("Sub", graph.constant(1.0), closed)
    closing, touch = graph.op("Mul", closed, awake), graph.op("Mul", graph.op("Mul", touching, open_), awake)
    parted = np.zeros((2, _CHANNELS))
    _set(parted[0], JawOpen=decode.PARTED_JAW)
    closed_shape, contact = SHAPES["P"], SHAPES["F"]
    _set(
        parted[1],
        MouthPress=closed_shape.press,
        MouthRollLower=closed_shape.roll_lower,
        MouthRollUpper=closed_shape.roll_upper,
    )
    touched = np.zeros((1, _CHANNELS))
    _set(touched[0], MouthRollLower=contact.roll_lower, MouthUpperUp=contact.upper_up)
    both = graph.op("Concat", awake, closing, axis=1)
    at_least = [
        graph.op("MatMul", both, graph.constant(parted)),
        graph.op("Mul", touch, graph.constant(touched)),
    ]
    wanted = graph.op("Max", graph.op("Mul", channels, awake), *at_least)
    opened = np.zeros((1, _CHANNELS))
    _set(opened[0], MouthLowerDown=1.0, MouthUpperUp=1.0, TongueOut=1.0)
    shut = graph.op("Gemm", closed, graph.constant(-opened), graph.constant(np.ones(_CHANNELS)))
    mouth = graph.op("Mul", wanted, shut)
    close = graph.op("Mul", graph.part(mouth, 0, 1), closed)
    spread = np.asarray(decoder.spread, np.float64)
    assert spread.shape == (_CHANNELS + 1, COUNT)
    return graph.op("MatMul", graph.op("Concat", mouth, close, axis=1), graph.constant(spread))


class _Ramps:
    """Lines over the decisions that are 0 at one value and 1 at another: the weights and offsets of one product."""

    def __init__(self, kinds: int, columns: int) -> None:
        self.weights = np.zeros((_HEADS, columns, kinds, _HEADS))
        self.offset = np.zeros((kinds, _HEADS))

    def add(self, source: tuple[int, int], place: tuple[int, int], low: float, high: float) -> None:
        """From the decision ``source`` (look-ahead, column), at ``place`` (kind, look-ahead)."""
        self.weights[source[0], source[1], place[0], place[1]] = 1.0 / (high - low)
        self.offset[place] = -low / (high - low)


def _smooth(graph: Graph, part: str) -> str:
    """t^2 (3 - 2 t)"""
    bend = graph.op("Sub", graph.constant(1.5), part)
    return graph.op("Mul", graph.op("Mul", part, part), graph.op("Mul", bend, graph.constant(2.0)))


def _set(row: NDArray[np.float64], **values: float) -> None:
    for name, value in values.items():
        row[CHANNELS.index(name)] = value
