"""The whole step in compact form: what ``models.lipsync.stream_step.StreamStep`` computes, ready to be written."""

from __future__ import annotations

from pathlib import Path

from models.lipsync import cmu
from models.lipsync.compact import decoder, front_end, networks
from models.lipsync.compact.graph import Graph
from models.lipsync.frontend import FRAME, HISTORY, HOP, WINDOW
from models.lipsync.stream_step import INPUT, OUTPUTS, StreamStep
from models.lipsync.targets import LOOKAHEADS_MS
from visaged.curves import COUNT


def state_shapes(step: StreamStep) -> dict[str, tuple[int, ...]]:
    """The state tensors, all zero at the start of a stream."""
    return {
        "state_sound": (1, WINDOW - HOP),
        "state_level": (1, 2),
        "state_mean": (1, cmu.CEPSTRA),
        "state_cepstra": (HISTORY, cmu.CEPSTRA),
        "state_gru": (1, step.net.state_width),
        "state_shown": (2, len(LOOKAHEADS_MS)),
    }


def write(step: StreamStep, path: Path) -> None:
    """The graph of ``step`` in float32, with the names of the contract. Raises OSError."""
    graph = Graph()
    shapes = state_shapes(step)
    sound = graph.input(INPUT, (1, FRAME))
    tail, level, mean, cepstra, gru, shown = (graph.input(name, shape) for name, shape in shapes.items())
    heard = front_end.add(graph, step.front, sound, (tail, level, mean, cepstra))
    logits, next_gru = networks.add(graph, step.net, heard, gru, decoder.heads())
    answer = decoder.add(graph, step.decoder, logits, shown)
    for name, value in zip(OUTPUTS, (*answer.curves, answer.activity), strict=True):
        graph.output(name, value, (1, COUNT if value != answer.activity else 1))
    after = (heard.sound, heard.level, heard.mean, heard.cepstra, next_gru, answer.recent)
    for (name, shape), value in zip(shapes.items(), after, strict=True):
        graph.output(f"next_{name}", value, shape)
    graph.save(path)
