"""Fits a face to an avatar from a take of it: ``face.scale`` that brings its rest to zero, or its range to a person's.

Pure: from curves [frames, 61] and the responses in force to the responses that should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visaged.config.response import CurveResponse
from visaged.curves import CURVES, INDEX, REGIONS, SHAPE_COUNT

LEAST_S: Final = 5.0
"""A shorter take says too little."""

RANGES: Final[dict[str, float]] = {
    "JawOpen": 0.35,
    "MouthClose": 0.11,
    "MouthFunnel": 0.34,
    "MouthPucker": 0.25,
    "MouthStretchLeft": 0.18,
    "MouthStretchRight": 0.18,
    "MouthRollLower": 0.22,
    "MouthShrugLower": 0.28,
    "MouthShrugUpper": 0.19,
    "MouthLowerDownLeft": 0.40,
    "MouthLowerDownRight": 0.40,
    "MouthUpperUpLeft": 0.20,
    "MouthUpperUpRight": 0.20,
}
"""What 95 % of the frames of a person who speaks stay below: recordings of faces with Live Link Face, rounded."""

# Lids and looks live at rest, too: they are no offset.
_ALIVE: Final = ("EyeBlink", "EyeLook")
_LEAST_REST: Final = 0.02
_LARGEST_REST: Final = 0.3
_LEAST_MOVEMENT: Final = 0.02
_FACTORS: Final = (0.5, 2.0)
# A change that nobody sees is none.
_LEAST_CHANGE: Final = 0.1
# JawOpen: a mouth at rest stays below the first, one that speaks is above the second now and then.
_SILENT_JAW: Final = 0.15
_SPEAKING_JAW: Final = 0.05
_SPEAKING_SHARE: Final = 0.1


class CalibrationError(ValueError):
    """The take is no good for it; says what to do."""


class ResponseChange(NamedTuple):
    """One curve's new response."""

    curve: str
    measured: float
    """At rest: its median; range: what 95 % of the frames stay below."""
    before: CurveResponse
    after: CurveResponse


def neutral(curves: NDArray[np.float32], fps: float, scale: Mapping[str, CurveResponse]) -> list[ResponseChange]:
    """Offsets that bring the rest of a silent take to zero. Raises CalibrationError."""
    _check_length(curves, fps)
    if np.percentile(curves[:, INDEX["JawOpen"]], 95) > _SILENT_JAW:
        raise CalibrationError("the mouth moved: somebody spoke; take the rest in silence")
    changes = []
    for index, curve in enumerate(CURVES[:SHAPE_COUNT]):
        rest = float(np.median(curves[:, index]))
        if curve.startswith(_ALIVE) or rest < _LEAST_REST:
            continue
        before = _response(curve, scale)
        offset = round(max(before.offset - min(rest, _LARGEST_REST), -1.0), 3)
        changes.append(ResponseChange(curve, rest, before, before.model_copy(update={"offset": offset})))
    return changes


def movement(curves: NDArray[np.float32], fps: float, scale: Mapping[str, CurveResponse]) -> list[ResponseChange]:
    """Gains that bring the mouth of a spoken take to a person's range, at most doubled. Raises CalibrationError."""
    _check_length(curves, fps)
    speaking = np.mean(curves[:, INDEX["JawOpen"]] > _SPEAKING_JAW)
    if speaking < _SPEAKING_SHARE:
        raise CalibrationError("nobody spoke: the jaw hardly moved; speak for the whole time, as at the booth")
    changes = []
    for curve, wanted in RANGES.items():
        before = _response(curve, scale)
        measured = float(np.percentile(curves[:, INDEX[curve]], 95))
        if measured - before.offset < _LEAST_MOVEMENT:
            continue
        factor = float(np.clip((wanted - before.offset) / (measured - before.offset), *_FACTORS))
        gain = round(min(before.gain * factor, 4.0), 3)
        if abs(gain - before.gain) > _LEAST_CHANGE * before.gain:
            changes.append(ResponseChange(curve, measured, before, before.model_copy(update={"gain": gain})))
    return changes


def applied(scale: Mapping[str, CurveResponse], changes: list[ResponseChange]) -> dict[str, CurveResponse]:
    """``scale`` with the changes."""
    return dict(scale) | {change.curve: change.after for change in changes}


def _response(curve: str, scale: Mapping[str, CurveResponse]) -> CurveResponse:
    """Its own, or its region's (animation/scale.py)."""
    if curve in scale:
        return scale[curve]
    region = next(name for name, indices in REGIONS.items() if INDEX[curve] in indices)
    return scale.get(region, CurveResponse())


def _check_length(curves: NDArray[np.float32], fps: float) -> None:
    if len(curves) < LEAST_S * fps:
        raise CalibrationError(f"the take has {len(curves) / fps:.1f} s; {LEAST_S:g} s or more are needed")
