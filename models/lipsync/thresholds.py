"""From which probability the lips are closed, or touch the teeth: chosen on validation voices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.lipsync.crops import Shard
from models.lipsync.decide import NEVER, decided
from models.lipsync.ensemble import Ensemble
from models.lipsync.frontend import MELS
from models.lipsync.model import LipNet
from models.lipsync.score import BILABIAL, LABIODENTAL, Closures, closures
from models.lipsync.targets import CLOSURE, CONTACT, LOOKAHEADS_MS

# Thresholds that are tried: a few hundred sounds say no more.
_TRIED: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
_TRIED_SURE: Final = (0.2, 0.3, 0.4, 0.5, 0.6)
# What a missed sound costs against a false frame. Closures: as the floor that was set weighs them, 7 % missed to 12 %
# false. Contacts: it asks for nine in ten and sets no bound to false ones, which the eye hardly minds.
_MISS_WEIGHT: Final = {"closure": 1.7, "contact": 2.0}
# What a network costs, to choose between checkpoints: its closures, and its contacts (f and v) by this share of theirs;
# the look-ahead that a box runs with unless told otherwise, 40 ms, counts twice.
_SHARE: Final = {"closure": 1.0, "contact": 0.3}
_HEAD_SHARE: Final = (0.25, 0.5, 0.25)
# Fewer sounds than this say nothing about a threshold (Indonesian has hardly an f).
_ENOUGH: Final = 10


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which the lips are closed, or touch the teeth: one per look-ahead.

    ``late_…``: those from which the next head makes up for what this one let pass (``decide.py``); the last has none.
    """

    closure: list[float]
    contact: list[float]
    late_closure: list[float]
    late_contact: list[float]


@torch.no_grad()
def tune(net: LipNet | Ensemble, shards: list[Shard], scores: bool = True) -> tuple[Thresholds, float, dict[str, str]]:
    """Thresholds per look-ahead from the validation streams, what the network then costs, and a table of all."""
    net.eval()
    answers = []
    for shard in shards:
        x = net.normal(torch.from_numpy(shard.x).float())
        if not scores:
            x[:, :, 2 * (MELS + 1) :] = 0.0
        answers.append(torch.sigmoid(net(x).agreed()).numpy())
    chosen: dict[str, list[float]] = {}
    report: dict[str, str] = {}
    cost = 0.0
    for what, column, viseme in (("closure", CLOSURE, BILABIAL), ("contact", CONTACT, LABIODENTAL)):
        said = [answer[..., column] for answer in answers]
        best = []
        for head, lookahead_ms in enumerate(LOOKAHEADS_MS):
            tried = {pair: _each(shards, said, head, pair, viseme) for pair in _pairs(head < len(LOOKAHEADS_MS) - 1)}
            costs = {pair: _cost(results, _MISS_WEIGHT[what]) for pair, results in tried.items()}
            best.append(min(costs.items(), key=lambda item: item[1])[0])
            cost += _SHARE[what] * _HEAD_SHARE[head] * costs[best[-1]]
            report |= {f"{what} {lookahead_ms} ms at {best[-1]} {k}": str(v) for k, v in tried[best[-1]].items()}
        chosen[what], chosen[f"late_{what}"] = [sure for sure, _ in best], [late for _, late in best]
    for head, lookahead_ms in enumerate(LOOKAHEADS_MS):
        for shard, answer in zip(shards, answers, strict=True):
            jaw = np.corrcoef(answer[:, :, head, 0].ravel(), shard.y[:, head, :, 0].ravel())[0, 1]
            report[f"jaw {lookahead_ms} ms {shard.name}"] = f"{jaw:.3f}"
    return Thresholds(**chosen), cost, report


def _pairs(has_next: bool) -> list[tuple[float, float]]:
    """What is tried: (sure, late), the first head's threshold above the later one's."""
    if not has_next:
        return [(sure, NEVER) for sure in _TRIED]
    return [(sure, late) for sure in _TRIED_SURE for late in _TRIED if late <= sure]


def _each(
    shards: list[Shard], said: list[NDArray[np.float32]], head: int, pair: tuple[float, float], viseme: int
) -> dict[str, Closures]:
    results = {}
    for shard, chance in zip(shards, said, strict=True):
        after = chance[:, :, head + 1] if head + 1 < chance.shape[2] else None
        results[shard.name] = closures(decided(chance[:, :, head], after, *pair), shard.y[:, head], viseme)
    return results


def _cost(results: dict[str, Closures], miss_weight: float) -> float:
    """Misses against false frames over clean and disturbed speech; people count half as much again."""
    judged = {name: r for name, r in results.items() if r.bilabials >= _ENOUGH} or results
    weights = [1.5 if "recorded" in name else 1.0 for name in judged]
    recall = float(np.average([r.recall for r in judged.values()], weights=weights))
    false = float(np.average([r.false_share for r in judged.values()], weights=weights))
    return miss_weight * (1 - recall) + false
