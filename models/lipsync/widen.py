"""A trained network made wider without changing what it answers, so that it need not learn everything again.

Net2Net (Chen, Goodfellow & Shlens 2016): a new unit is the copy of an old one, and what listens to it hears each copy's
share. Copies part under dropout in training.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from models.lipsync.model import LipNet

_GATES: Final = 3
"""Of a GRU, stacked in its matrices: reset, update, new."""


@torch.no_grad()
def widen(net: LipNet, hidden: int, seed: int = 1) -> LipNet:
    """``net`` with ``hidden`` units a layer. Raises ValueError when that is fewer than it has."""
    has = net.hidden
    if hidden < has:
        raise ValueError(f"hidden {hidden}: the weights have {has} units a layer; accepted: {has} or more")
    wider = LipNet(hidden)
    chance = torch.Generator().manual_seed(seed)
    layers = [_copies(has, hidden, chance) for _ in range(1 + net.gru.num_layers)]
    first, *recurrent = layers
    wider.enter.weight.copy_(net.enter.weight[first])
    wider.enter.bias.copy_(net.enter.bias[first])
    heard = first
    for layer, units in enumerate(recurrent):
        rows = torch.cat([gate * has + units for gate in range(_GATES)])
        for kind, columns in (("ih", heard), ("hh", units)):
            name = f"{kind}_l{layer}"
            getattr(wider.gru, f"weight_{name}").copy_(_shared(getattr(net.gru, f"weight_{name}"), columns)[rows])
            getattr(wider.gru, f"bias_{name}").copy_(getattr(net.gru, f"bias_{name}")[rows])
        heard = units
    for head, before in ((wider.curves, net.curves), (wider.visemes, net.visemes)):
        head.weight.copy_(_shared(before.weight, heard))
        head.bias.copy_(before.bias)
    return wider


def _copies(has: int, wanted: int, chance: torch.Generator) -> Tensor:
    """Which old unit each new one copies, int64 [wanted]; all old ones first."""
    more = torch.randperm(has, generator=chance).repeat(math.ceil(wanted / has) - 1)
    return torch.cat([torch.arange(has), more])[:wanted]


def _shared(weight: Tensor, units: Tensor) -> Tensor:
    """Columns of ``weight`` [out, has] for ``units``, each with its share of what the old unit was heard with."""
    return weight[:, units] / torch.bincount(units)[units]
