"""Trained weights on disk: one or more networks and the thresholds they decide by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from models.lipsync.ensemble import Ensemble
from models.lipsync.model import LipNet
from models.lipsync.thresholds import Thresholds


def save(path: Path, nets: Sequence[LipNet], thresholds: Thresholds) -> None:
    """Write ``path``; ``load`` reads it. Raises OSError."""
    kept = [{"hidden": net.hidden, "weights": net.state_dict()} for net in nets]
    torch.save({"nets": kept, "thresholds": asdict(thresholds)}, path)


def load(path: Path) -> tuple[Ensemble, Thresholds]:
    """The networks, ready to answer, and their thresholds. Raises OSError."""
    kept = torch.load(path, weights_only=True)
    nets = []
    for one in kept["nets"]:
        nets.append(LipNet(one["hidden"]))
        nets[-1].load_state_dict(one["weights"])
    return Ensemble(nets).eval(), Thresholds(**kept["thresholds"])


def load_one(path: Path) -> LipNet:
    """The only network in ``path``. Raises OSError; ValueError when there are more."""
    members = load(path)[0].members
    if len(members) > 1:
        raise ValueError(f"{path} holds {len(members)} networks that answer together; accepted: one")
    return members[0]
