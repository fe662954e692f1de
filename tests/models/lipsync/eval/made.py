"""Signals, clips and phones made by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.lipsync.eval.clip import RATE_HZ, Clip
from models.lipsync.eval.signals import Signals
from models.lipsync.phones import Phone

SENTENCE = [
    Phone("SIL", 0.0, 0.3),
    Phone("AA", 0.3, 0.5),
    Phone("B", 0.5, 0.6),
    Phone("UW", 0.6, 0.8),
    Phone("F", 0.8, 0.9),
    Phone("IY", 0.9, 1.1),
    Phone("N", 1.1, 1.2),
    Phone("AA", 1.2, 1.4),
    Phone("SIL", 1.4, 2.0),
]


def frames(seconds: float = 2.0) -> NDArray[np.float64]:
    return np.arange(int(seconds * 60)) / 60


def between(times: NDArray[np.float64], *spans: tuple[float, float]) -> NDArray[np.bool_]:
    inside = np.zeros(len(times), bool)
    for start, end in spans:
        inside |= (times >= start) & (times < end)
    return inside


def signals(
    closed: NDArray[np.bool_],
    contact: NDArray[np.bool_] | None = None,
    rounding: NDArray[np.float32] | None = None,
    jaw: NDArray[np.float32] | None = None,
) -> Signals:
    times = frames(len(closed) / 60)
    still = np.zeros(len(times), np.float32)
    jaw = np.where(closed, 0.0, 0.3).astype(np.float32) if jaw is None else jaw
    return Signals(
        times,
        closed,
        np.zeros(len(times), bool) if contact is None else contact,
        still if rounding is None else rounding,
        jaw,
        jaw[:, None],
    )


def clip(name: str = "one", phones: list[Phone] | None = None, voice: str = "people-tester", source: str = "") -> Clip:
    """Two seconds: a buzz wherever a vowel of ``phones`` is, silence elsewhere."""
    phones = SENTENCE if phones is None else phones
    times = np.arange(2 * RATE_HZ) / RATE_HZ
    loud = sum(((times >= p.start_s) & (times < p.end_s)) for p in phones if p.symbol in ("AA", "UW", "IY"))
    sound = (0.2 * np.sin(2 * np.pi * 150 * times) * loud).astype(np.float32)
    return Clip(name, voice, "en", "a boofy na", sound, phones, "given", "", source)
