"""Which position encoding do these weights need? Every variant renders a sample; figures tell a mouth from a twitch.

The weights fit all variants, so only what comes out can tell. A mouth that was trained opens with the voice, shuts on
p, b and m, rests in silence, keeps to 0..1 and does not shake. The figures follow from that and were tried on made-up
faces (tests), not on the public weights: the picture goes before the recommendation.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.neurosync import module
from models.neurosync.marks import Marks, Mask
from models.neurosync.matrices import Model
from models.neurosync.parity import MOUTH
from models.neurosync.reference import EASE_IN, render
from models.neurosync.shape import POSITION_ENCODINGS
from visaged.console.progress import Report
from visaged.curves import INDEX
from visaged.inference.manifest import PositionEncoding

# Jaw and sound need not meet to the frame.
_LAGS: Final = range(-6, 7)
# Frames around a closure in which the lips may meet.
_NEAR: Final = 3
# A jaw that moves by less than this, in curve units, is no mouth.
_LEAST_RANGE: Final = 0.05
# Of the score, which runs from 0 to 1: a smaller lead says nothing, and random weights reach 0.45.
_CLEAR: Final = 0.1
_GOOD: Final = 0.6
# The jaw of a face that speaks goes with the loudness; of one that moves by chance it does so by 0.2 at most.
_FOLLOWS: Final = 0.3
# Lips that are as good as shut all the time are not what closes them.
_LEAST_GAP: Final = 0.02
# Frames; less than half a second of speech tells nothing.
_SHORTEST: Final = 30
# From this quietness on, loudness says nothing about the jaw.
_FLOOR_DB: Final = -40.0


@dataclass(frozen=True)
class Figures:
    """Of one variant on one sample. All but ``jaw_range`` lie between 0 and 1."""

    closure: float
    """How far the lips shut on p, b, m: 1 - gap there / gap in as long stretches elsewhere in speech."""
    silence: float
    """Mouth movement in silence beside that in speech."""
    jaw_range: float
    """5 % to 95 % of JawOpen, curve units."""
    follows: float
    """Correlation of the jaw with the loudness, at the best lag within a tenth of a second; 0 when negative."""
    shakes: float
    """Share of the movement that turns back within two frames."""
    outside: float
    """Share of the mouth's values beyond -0.1..1.1."""

    @property
    def score(self) -> float:
        """0..1; 0 for a jaw that does not move."""
        if self.jaw_range < _LEAST_RANGE:
            return 0.0
        good = (self.closure, 1 - min(self.silence, 1.0), self.follows, 1 - self.shakes, 1 - self.outside)
        return float(np.mean(good))


@dataclass(frozen=True)
class Comparison:
    """All variants on one sample."""

    curves: dict[PositionEncoding, NDArray[np.float32]]
    """[frames, 68] each, curves in 0..1."""
    figures: dict[PositionEncoding, Figures]
    marks: Marks

    @property
    def best(self) -> PositionEncoding:
        """The one with the highest score."""
        return max(self.figures, key=lambda position: self.figures[position].score)

    @property
    def clear(self) -> bool:
        """Whether the best one speaks at all, and leads the next by enough to say so."""
        scores = sorted((figures.score for figures in self.figures.values()), reverse=True)
        speaks = scores[0] >= _GOOD and self.figures[self.best].follows >= _FOLLOWS
        return speaks and scores[0] - scores[1] >= _CLEAR

    def record(self) -> dict[str, Any]:
        """For the report of a package."""
        told = {position: asdict(figures) | {"score": figures.score} for position, figures in self.figures.items()}
        return {"best": self.best, "clear": self.clear, "closures_heard_by": self.marks.heard_by, "variants": told}


def compare(model: Model, features: NDArray[np.float32], marks: Marks, report: Report) -> Comparison:
    """Render ``features`` [frames, 256] with every position encoding, and judge."""
    curves: dict[PositionEncoding, NDArray[np.float32]] = {}
    for position in POSITION_ENCODINGS:
        net = module.build(dict(model.weights), model.shape, position)
        done = 0

        def answer(window: NDArray[np.float32], net: module.NeuroSync = net, name: str = position) -> Any:
            nonlocal done
            report(f"rendering {name}", min(done * 96 / len(features), 1.0))
            done += 1
            return module.run(net, window[None])[0]

        curves[position] = render(answer, features)
    return Comparison(curves, {position: judge(found, marks) for position, found in curves.items()}, marks)


def judge(curves: NDArray[np.float32], marks: Marks) -> Figures:
    """Figures of ``curves`` [frames, 68]; the sound may be some frames longer or shorter."""
    frames = min(len(curves), len(marks.silent))
    if frames < _SHORTEST:
        return Figures(closure=0.0, silence=1.0, jaw_range=0.0, follows=0.0, shakes=1.0, outside=0.0)
    # The original eases in, whatever the model says.
    curves, silent, loudness = curves[EASE_IN:frames], marks.silent[EASE_IN:frames], marks.loudness_db[EASE_IN:frames]
    mouth, jaw = curves[:, MOUTH], curves[:, INDEX["JawOpen"]]
    gap = np.maximum(jaw - curves[:, INDEX["MouthClose"]], 0)
    speech = ~silent
    speed = np.abs(np.diff(mouth, axis=0))
    moving = float(speed[speech[1:]].mean()) if speech[1:].any() else 0.0
    still = float(speed[silent[1:]].mean()) if silent[1:].any() else 0.0
    return Figures(
        closure=_closure(gap, speech, [(max(a - EASE_IN, 0), b - EASE_IN) for a, b in marks.closures]),
        silence=min(still / moving, 1.0) if moving > 0 else 1.0,
        jaw_range=float(np.quantile(jaw, 0.95) - np.quantile(jaw, 0.05)),
        follows=_follows(jaw, np.maximum(loudness, _FLOOR_DB)),
        shakes=_shakes(mouth),
        outside=float(((mouth < -0.1) | (mouth > 1.1)).mean()),
    )


def _closure(gap: NDArray[np.float32], speech: Mask, closures: list[tuple[int, int]]) -> float:
    """The narrowest gap in and near each closure, beside the narrowest in every other stretch of their mean length."""
    elsewhere = speech.copy()
    shut = []
    for first, end in closures:
        near = slice(max(first - _NEAR, 0), end + _NEAR)
        shut.append(gap[near].min(initial=np.inf))
        elsewhere[near] = False
    if not shut or not np.isfinite(shut).all():
        return 0.0
    length = round(float(np.mean([end - first for first, end in closures]))) + 2 * _NEAR
    stretches = [
        gap[at : at + length].min() for at in range(len(gap) - length + 1) if elsewhere[at : at + length].all()
    ]
    usual = float(np.mean(stretches)) if stretches else 0.0
    return float(np.clip(1 - np.mean(shut) / usual, 0, 1)) if usual > _LEAST_GAP else 0.0


def _follows(jaw: NDArray[np.float32], loudness: NDArray[np.float32]) -> float:
    if jaw.std() < 1e-6 or loudness.std() < 1e-6:
        return 0.0
    best = 0.0
    for lag in _LAGS:
        one, other = (jaw[lag:], loudness[: len(loudness) - lag]) if lag >= 0 else (jaw[:lag], loudness[-lag:])
        if len(one) > 1:
            best = max(best, float(np.nan_to_num(np.corrcoef(one, other)[0, 1])))
    return best


def _shakes(mouth: NDArray[np.float32]) -> float:
    """Steps against the step before, as a share of all steps; noise has a half of them, smooth curves next to none."""
    steps = np.diff(mouth, axis=0)
    against = np.minimum(np.abs(steps[1:]), np.abs(steps[:-1])) * (steps[1:] * steps[:-1] < 0)
    total = float(np.abs(steps).sum())
    return float(min(2 * against.sum() / total, 1.0)) if total > 0 else 0.0
