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
    """Write ``path`` whole or not at all; ``load`` reads it. Raises OSError."""
    kept = [{"hidden": net.hidden, "weights": net.state_dict()} for net in nets]
    partial = path.with_name(f"{path.name}.part")
    try:
        with partial.open("wb") as file:
            torch.save({"nets": kept, "thresholds": asdict(thresholds)}, file)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path) -> tuple[Ensemble, Thresholds]:
    """The networks, ready to answer, and their thresholds. Raises OSError; ValueError when they are none of ours."""
    with path.open("rb") as file:
        try:
            kept = torch.load(file, weights_only=True)
            nets = []
            for one in kept["nets"]:
                nets.append(LipNet(one["hidden"]))
                nets[-1].load_state_dict(one["weights"])
            return Ensemble(nets).eval(), Thresholds(**kept["thresholds"])
        # What torch's reader raises on other bytes is anything; on a file of an earlier layout keys are missing.
        except Exception as error:
            raise ValueError(f"{path} does not hold weights; accepted: files of `train` and `join`") from error


def load_one(path: Path) -> LipNet:
    """The only network in ``path``. Raises OSError; ValueError when there are more, or none."""
    members = load(path)[0].members
    if len(members) > 1:
        raise ValueError(f"{path} holds {len(members)} networks that answer together; accepted: one")
    return members[0]
