"""Features to logits: the networks of an ``Ensemble`` for one frame, their entries and heads as one product each."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from models.lipsync import frontend
from models.lipsync.compact.front_end import Heard
from models.lipsync.compact.graph import Graph
from models.lipsync.ensemble import Ensemble
from models.lipsync.frontend import MELS
from models.lipsync.model import LipNet

_BANDS = 2 * (MELS + 1)


def add(graph: Graph, net: Ensemble, heard: Heard, state: str, head: NDArray[np.float64]) -> tuple[str, str]:
    """What was ``heard`` -> logits [1, …], the state after.

    ``head`` [logits of the networks, logits wanted]: what the caller wants to see of them.
    """
    members = net.members
    entries = _entries(graph, members, graph.op("Concat", heard.bands, heard.scores, axis=1))
    own = graph.split(state, [member.hidden for member in members for _ in range(2)])
    tops, states = [], []
    for index, (member, x) in enumerate(zip(members, entries, strict=True)):
        for layer in range(2):
            x = _layer(graph, member, (index, layer), x, own[2 * index + layer])  # noqa: PLW2901
            states.append(x)
        tops.append(x)
    heads = [torch.cat([member.curves.weight, member.visemes.weight]).detach().double().numpy() for member in members]
    biases = [torch.cat([member.curves.bias, member.visemes.bias]).detach().double().numpy() for member in members]
    weights = np.concatenate([one.T for one in heads]) @ head / len(members)
    offset = sum(biases) @ head / len(members)
    top = graph.op("Concat", *tops, axis=1)
    logits = graph.linear(top, weights, offset, "net.heads")
    return logits, graph.op("Concat", *states, axis=1)


def _entries(graph: Graph, members: list[LipNet], features: str) -> list[str]:
    """Each network's first layer: normalised, and scores from log posteriors (-8..0) to 0..1, in the weights."""
    weights, offsets = [], []
    for member in members:
        centre, spread = (tensor.double().numpy() for tensor in (member.centre, member.spread))
        weight = member.enter.weight.detach().double().numpy().T / spread[:, None]
        offset = member.enter.bias.detach().double().numpy() - centre @ weight
        offset = offset + weight[_BANDS:].sum(axis=0)
        weight[_BANDS:] /= -frontend.SCORE_FLOOR
        weights.append(weight)
        offsets.append(offset)
    both = graph.linear(features, np.concatenate(weights, axis=1), np.concatenate(offsets), "net.entries")
    entered = graph.op("Relu", both)
    return graph.split(entered, [member.hidden for member in members])


def _layer(graph: Graph, member: LipNet, place: tuple[int, int], x: str, before: str) -> str:
    """One recurrent layer (torch.nn.GRU's equations): state [1, hidden] before -> after, which is its output too."""
    hidden = member.hidden
    index, layer = place

    def product(side: str, value: str) -> list[str]:
        """The reset and update gates together, and the new value's share."""
        weight = getattr(member.gru, f"weight_{side}_l{layer}").detach().numpy().T
        bias = getattr(member.gru, f"bias_{side}_l{layer}").detach().numpy()
        whole = graph.linear(value, weight, bias, f"gru.{index}.{side}.{layer}")
        return graph.split(whole, [2 * hidden, hidden])

    into_gates, into_new = product("ih", x)
    kept_gates, kept_new = product("hh", before)
    gates = graph.op("Sigmoid", graph.op("Add", into_gates, kept_gates))
    reset, update = graph.split(gates, [hidden, hidden])
    new = graph.op("Tanh", graph.op("Add", into_new, graph.op("Mul", reset, kept_new)))
    return graph.op("Add", new, graph.op("Mul", update, graph.op("Sub", before, new)))
