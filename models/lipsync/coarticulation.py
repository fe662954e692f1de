"""Phones with times -> curves over time: dominance functions, and the rules that lips do not bend.

Cohen & Massaro, "Modeling coarticulation in synthetic visual speech" (1993): each phone pulls the mouth to its target
with a strength that falls off exponentially around it; the mouth is the weighted mean. Edwards, Landreth, Fiume &
Singh, "JALI: an animator-centric viseme model for expressive lip synchronization" (2016): bilabials must close,
labiodentals must touch, sibilants narrow the jaw, rounding starts early and spreads, speaking rate and loudness scale
the opening. Löfqvist & Gracco (1997) for the lips closing a little before the sound stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.phones import BILABIALS, LABIODENTALS, SILENCE, VOWELS, Phone
from models.lipsync.visemes import CHANNELS, DIPHTHONGS, SHAPES, Shape

Array = NDArray[np.float32]

_ROUND: Final = [CHANNELS.index(n) for n in ("MouthFunnel", "MouthPucker", "MouthStretch", "MouthSmile")]
_JAW: Final = [CHANNELS.index(n) for n in ("JawOpen", "JawForward")]
_LIPS: Final = [i for i in range(len(CHANNELS)) if i not in _ROUND and i not in _JAW]

# How far a phone reaches before itself and after itself: time constants in seconds. Rounding starts early (JALI: 120 ms
# ahead), the jaw is heavy, the lips are quick.
_REACH_S: Final = {"jaw": (0.055, 0.06), "round": (0.1, 0.06), "lips": (0.045, 0.05)}

# The lips meet slightly before the sound stops and part at the burst: shares and seconds of a phone's length.
CLOSING_LEAD_S: Final = 0.01
_CLOSED_SHARE: Final = {"P": 0.68, "B": 0.78, "M": 0.97}
_SHORTEST_CLOSURE_S: Final = 0.045
_LONGEST_STOP_S: Final = 0.12
_CONTACT_LEAD_S: Final = 0.01
_CONTACT_SHARE: Final = 0.9
# Width of the soft edges of closure and contact.
_EDGE_S: Final = 0.012

# A speaking rate of 12 phones a second is taken as normal; faster speech opens less, by a gentle power.
_NORMAL_PHONES_PER_S: Final = 12.0
_RATE_POWER: Final = -0.35
# Jaw opening per dB of loudness around the utterance's own level, and its limits.
_OPENING_PER_DB: Final = 0.022
_OPENING_RANGE: Final = (0.75, 1.2)
# In speech the lips part at least this far unless a bilabial closes them, so that no other sound reads as closed.
_PARTED_JAW: Final = 0.06


@dataclass(frozen=True)
class Mouth:
    """Curves at the times asked for: ``channels`` [times, CHANNELS] 0..1, ``closure`` and ``contact`` [times] 0..1."""

    channels: Array
    closure: Array
    contact: Array
    speech: Array
    """[times], 1 within phones, 0 in silence."""


def mouth(phones: list[Phone], times_s: NDArray[np.float64], loudness_db: Array | None = None) -> Mouth:
    """The mouth that says ``phones``, at ``times_s``; ``loudness_db`` [times] relative to the utterance's level."""
    segments = [part for phone in phones for part in _parts(phone)]
    starts = np.array([s for _, s, _ in segments])
    ends = np.array([e for _, _, e in segments])
    shapes = [shape for shape, _, _ in segments]
    targets = np.stack([s.values() for s in shapes])
    channels = np.zeros((len(times_s), len(CHANNELS)), np.float32)
    for name, columns in (("jaw", _JAW), ("round", _ROUND), ("lips", _LIPS)):
        hold = np.array([getattr(s, f"hold_{name}") for s in shapes])
        weights = dominance(times_s, starts, ends, hold, _REACH_S[name])
        channels[:, columns] = (weights @ targets[:, columns]) / weights.sum(axis=1, keepdims=True)
    speech = _windows(times_s, [(p.start_s, p.end_s) for p in phones if p.symbol != SILENCE], 0.0)
    closure = _windows(times_s, [_closed_window(p) for p in phones if p.symbol in BILABIALS], _EDGE_S)
    contact = _windows(times_s, [_contact_window(p) for p in phones if p.symbol in LABIODENTALS], _EDGE_S)
    jaw = channels[:, 0] * _opening(phones, times_s, loudness_db)
    channels[:, 0] = np.maximum(jaw, _PARTED_JAW * speech)
    _insist(channels, closure, SHAPES["P"], ("MouthPress", "MouthRollLower", "MouthRollUpper"))
    _insist(channels, contact, SHAPES["F"], ("MouthRollLower", "MouthUpperUp"))
    for name in ("MouthLowerDown", "MouthUpperUp", "TongueOut"):
        channels[:, CHANNELS.index(name)] *= 1.0 - closure
    return Mouth(np.clip(channels, 0.0, 1.0), closure, contact, speech)


def dominance(
    times_s: NDArray[np.float64],
    starts_s: NDArray[np.float64],
    ends_s: NDArray[np.float64],
    strength: NDArray[np.float64],
    reach_s: tuple[float, float],
) -> Array:
    """Weights [times, phones]: ``strength`` in the middle half of a phone, falling off exponentially outside it.

    ``reach_s``: time constants before and after.
    """
    middle = (starts_s + ends_s) / 2
    core = (ends_s - starts_s) / 4
    away = times_s[:, None] - middle[None, :]
    before = np.maximum(-away - core, 0.0) / reach_s[0]
    after = np.maximum(away - core, 0.0) / reach_s[1]
    # A little weight stays everywhere: far from all phones the nearest still decides.
    return (strength * np.exp(-(before + after)) + 1e-9).astype(np.float32)


def _parts(phone: Phone) -> list[tuple[Shape, float, float]]:
    if phone.symbol in DIPHTHONGS:
        first, second = DIPHTHONGS[phone.symbol]
        turn_s = phone.start_s + 0.6 * (phone.end_s - phone.start_s)
        return [(SHAPES[first], phone.start_s, turn_s), (SHAPES[second], turn_s, phone.end_s)]
    return [(SHAPES[phone.symbol], phone.start_s, phone.end_s)]


def _closed_window(phone: Phone) -> tuple[float, float]:
    length_s = phone.end_s - phone.start_s
    if phone.symbol != "M":
        length_s = min(length_s, _LONGEST_STOP_S)
    closed_s = max(_CLOSED_SHARE[phone.symbol] * length_s, _SHORTEST_CLOSURE_S)
    return phone.start_s - CLOSING_LEAD_S, phone.start_s + closed_s


def _contact_window(phone: Phone) -> tuple[float, float]:
    return phone.start_s - _CONTACT_LEAD_S, phone.start_s + _CONTACT_SHARE * (phone.end_s - phone.start_s)


def _windows(times_s: NDArray[np.float64], spans: list[tuple[float, float]], edge_s: float) -> Array:
    """1 within any of ``spans``, linear edges of ``edge_s`` centred on their ends."""
    value = np.zeros(len(times_s), np.float32)
    for start_s, end_s in spans:
        if edge_s > 0:
            inside = np.minimum(times_s - start_s, end_s - times_s) / edge_s + 0.5
            np.maximum(value, np.clip(inside, 0.0, 1.0), out=value, casting="same_kind")
        else:
            value[(times_s >= start_s) & (times_s < end_s)] = 1.0
    return value


def _opening(phones: list[Phone], times_s: NDArray[np.float64], loudness_db: Array | None) -> Array:
    """The factor on the jaw: speaking rate of the utterance times loudness of the moment."""
    spoken = [p for p in phones if p.symbol != SILENCE]
    spoken_s = sum(p.end_s - p.start_s for p in spoken)
    rate = len(spoken) / spoken_s if spoken_s > 0 and any(p.symbol in VOWELS for p in spoken) else _NORMAL_PHONES_PER_S
    factor = np.full(len(times_s), (rate / _NORMAL_PHONES_PER_S) ** _RATE_POWER, np.float32)
    if loudness_db is not None:
        factor = factor * (1.0 + _OPENING_PER_DB * loudness_db)
    return np.clip(factor, *_OPENING_RANGE).astype(np.float32)


def _insist(channels: Array, amount: Array, shape: Shape, names: tuple[str, ...]) -> None:
    """Where ``amount`` is 1 the named channels are at least at the shape's targets."""
    values = shape.values()
    for name in names:
        column = CHANNELS.index(name)
        np.maximum(channels[:, column], values[column] * amount, out=channels[:, column])
