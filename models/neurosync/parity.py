"""How far a precision is from the reference, curve by curve, in curve units (0..1), and whether that may be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.neurosync.reference import CURVES
from models.neurosync.speech import Windows
from visaged.curves import CURVES as NAMES
from visaged.curves import REGIONS
from visaged.inference.session import OrtSession

EMOTIONS: Final = ("Angry", "Disgusted", "Fearful", "Happy", "Neutral", "Sad", "Surprised")
COLUMNS: Final = (*NAMES, *EMOTIONS)
"""Names of the 68 outputs."""

MOUTH: Final = tuple(sorted((*REGIONS["jaw"], *REGIONS["mouth"])))
"""Columns whose error people see first."""
MOUTH_P99: Final = 0.02
"""A precision whose mouth curves err by more in a hundredth of the frames is not picked by itself."""


@dataclass(frozen=True)
class Parity:
    """Errors against the reference."""

    p99: NDArray[np.float32]
    """Per column [68]: 99 % of the frames err by less. Curves 0..1, emotions as the model gives them."""
    largest: NDArray[np.float32]
    """Per column [68]."""
    raw: float
    """Largest error of any output as the graph gives it (curves in percent): what model.json holds."""

    @property
    def mouth_p99(self) -> float:
        """Of the worst mouth curve."""
        return float(self.p99[list(MOUTH)].max())

    def by_curve(self) -> dict[str, dict[str, float]]:
        """For report.json."""
        return {
            name: {"p99": round(float(p99), 6), "max": round(float(largest), 6)}
            for name, p99, largest in zip(COLUMNS, self.p99, self.largest, strict=False)
        }


def compare(answer: NDArray[np.float32], reference: NDArray[np.float32]) -> Parity:
    """Both [windows, 128, outputs] as a graph gives them."""
    error = np.abs(answer - reference)
    raw = float(error.max())
    error[..., :CURVES] /= 100
    flat = error.reshape(-1, error.shape[-1])
    return Parity(np.quantile(flat, 0.99, axis=0).astype(np.float32), flat.max(axis=0), raw)


def run(session: OrtSession, windows: Windows) -> NDArray[np.float32]:
    """Outputs [windows, 128, outputs] of the graph."""
    return np.concatenate([session.run(None, {"features": window[None]})[0] for window in windows])


def joined(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Windows, or their outputs, one after the other."""
    return np.concatenate(parts)


def size_mb(*paths: Path) -> float:
    """Together, in 10^6 bytes."""
    return sum(path.stat().st_size for path in paths) / 1e6
