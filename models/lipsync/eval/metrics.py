"""The figures: closure, contact, rounding, timing, rest, jitter, correlation. Tallied over clips, then summed up.

Definitions (frames are 60 a second, times in the clip's own time; a bilabial's window is 50 ms before its start to
100 ms after it, issue and trial alike):

* closure recall: share of p, b, m with a closed frame in their window.
* pauses: silences of 80 ms and more in the labels, and of 120 ms and more in the sound, 50 ms wider on both sides.
* false closures: of the closed frames outside pauses, the share outside every bilabial (from 50 ms before its start
to 100 ms
  after its start or to its end, whichever is later); and the number of such closures (of two frames or more) per
  minute of speech.
* f/v contact: share of f, v with a frame of contact in the same kind of window.
* rounding AUC: how well the rounding signal tells frames of rounded vowels and w from those of other vowels.
* closure onset: start of the closure in the window minus the start of the phone, for those recalled.
* jaw correlation: Pearson, with the targets that the phones and the loudness make (coarticulation.py), mean over clips.
* jitter: mean absolute second difference per frame of the jaw in speech, in thousandths.
* rest: mean jaw and mean of all mouth curves in clips where nobody speaks, in thousandths.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from models.lipsync.eval.signals import Signals
from models.lipsync.phones import BILABIALS, LABIODENTALS, ROUNDED, SILENCE, VOWELS, Phone

BEFORE_S: Final = 0.05
AFTER_S: Final = 0.10
# Lips may part up to this early after a pause and rest up to this early before one.
_PAUSE_MARGIN_S: Final = 0.05
# A pause shorter than this is a stop's closure, not a rest.
_SHORTEST_PAUSE_S: Final = 0.08

# One frame of 17 ms is not seen.
_VISIBLE_FRAMES: Final = 2


@dataclass
class Tally:
    """Counts over clips; ``+=`` joins two."""

    bilabials: int = 0
    closed: int = 0
    onsets_ms: list[float] = field(default_factory=list)
    closed_frames: int = 0
    false_frames: int = 0
    false_closures: int = 0
    speech_s: float = 0.0
    labiodentals: int = 0
    touched: int = 0
    rounded: list[float] = field(default_factory=list)
    unrounded: list[float] = field(default_factory=list)
    jaw_correlations: list[float] = field(default_factory=list)
    jitter: list[float] = field(default_factory=list)
    rest_jaw: list[float] = field(default_factory=list)
    rest_mouth: list[float] = field(default_factory=list)

    def __iadd__(self, other: Tally) -> Tally:
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))
        return self


@dataclass(frozen=True)
class Figures:
    """Shares 0..1, times in ms, rest and jitter in thousandths of full scale; None where nothing was there to judge."""

    bilabials: int
    closure_recall: float | None
    false_closure_share: float | None
    false_closures_per_min: float | None
    contact_recall: float | None
    rounding_auc: float | None
    onset_p10_ms: float | None
    onset_p50_ms: float | None
    onset_p90_ms: float | None
    jaw_correlation: float | None
    jitter_milli: float | None
    rest_jaw_milli: float | None
    rest_mouth_milli: float | None
    speech_s: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON, rounded to four decimals."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def tally(
    shown: Signals,
    phones: list[Phone],
    target_jaw: NDArray[np.float32] | None = None,
    heard_pause: NDArray[np.bool_] | None = None,
) -> Tally:
    """Judge one clip. ``target_jaw`` and ``heard_pause`` (reference.py) [frames] at the same times."""
    times = shown.times_s
    counts = Tally()
    spoken = [p for p in phones if p.symbol != SILENCE]
    if not spoken:
        counts.rest_jaw.append(float(shown.jaw.mean()))
        counts.rest_mouth.append(float(np.abs(shown.mouth).mean()))
        return counts
    speech = _speech(phones, times)
    if heard_pause is not None:
        speech &= ~_widened(heard_pause)
    counts.speech_s = sum(p.end_s - p.start_s for p in spoken)
    near_bilabial = np.zeros(len(times), bool)
    for before, phone in zip([None, *phones[:-1]], phones, strict=True):
        window = (times >= phone.start_s - BEFORE_S) & (times <= phone.start_s + AFTER_S)
        if phone.symbol in BILABIALS:
            counts.bilabials += 1
            near_bilabial |= (times >= phone.start_s - BEFORE_S) & (times <= max(phone.start_s + AFTER_S, phone.end_s))
            hits = np.flatnonzero(window & shown.closed)
            if len(hits):
                counts.closed += 1
                # After a pause or another bilabial the lips may be closed already; that says nothing of timing.
                if before is not None and before.symbol != SILENCE and before.symbol not in BILABIALS:
                    counts.onsets_ms.append(1e3 * (times[_run_start(shown.closed, hits[0])] - phone.start_s))
        elif phone.symbol in LABIODENTALS:
            counts.labiodentals += 1
            counts.touched += bool((window & shown.contact).any())
    closed_in_speech = shown.closed & speech
    false = closed_in_speech & ~near_bilabial
    counts.closed_frames = int(closed_in_speech.sum())
    counts.false_frames = int(false.sum())
    counts.false_closures = _long_runs(false)
    for phone in spoken:
        inside = (times >= phone.start_s) & (times < phone.end_s)
        if phone.symbol in ROUNDED:
            counts.rounded += shown.rounding[inside].tolist()
        elif phone.symbol in VOWELS:
            counts.unrounded += shown.rounding[inside].tolist()
    if target_jaw is not None and np.ptp(target_jaw) > 0:
        flat = float(np.ptp(shown.jaw)) == 0.0
        counts.jaw_correlations.append(0.0 if flat else float(np.corrcoef(shown.jaw, target_jaw)[0, 1]))
    second = np.abs(np.diff(shown.jaw, 2))[speech[1:-1]]
    counts.jitter += second.tolist()
    return counts


def sum_up(counts: Tally) -> Figures:
    """The figures of a tally."""
    onsets = np.percentile(counts.onsets_ms, (10, 50, 90)) if counts.onsets_ms else (None, None, None)
    return Figures(
        bilabials=counts.bilabials,
        closure_recall=_share(counts.closed, counts.bilabials),
        false_closure_share=_share(counts.false_frames, counts.closed_frames) if counts.speech_s else None,
        false_closures_per_min=_share(60.0 * counts.false_closures, counts.speech_s),
        contact_recall=_share(counts.touched, counts.labiodentals),
        rounding_auc=_auc(counts.rounded, counts.unrounded),
        onset_p10_ms=_plain(onsets[0]),
        onset_p50_ms=_plain(onsets[1]),
        onset_p90_ms=_plain(onsets[2]),
        jaw_correlation=_mean(counts.jaw_correlations),
        jitter_milli=_milli(counts.jitter),
        rest_jaw_milli=_milli(counts.rest_jaw),
        rest_mouth_milli=_milli(counts.rest_mouth),
        speech_s=counts.speech_s,
    )


def _speech(phones: list[Phone], times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Frames where somebody speaks: between the first and the last phone, less the pauses and their edges."""
    spoken = [p for p in phones if p.symbol != SILENCE]
    speech = (times >= spoken[0].start_s + _PAUSE_MARGIN_S) & (times <= spoken[-1].end_s - _PAUSE_MARGIN_S)
    for phone in phones:
        if phone.symbol == SILENCE and phone.end_s - phone.start_s >= _SHORTEST_PAUSE_S:
            speech &= (times < phone.start_s - _PAUSE_MARGIN_S) | (times > phone.end_s + _PAUSE_MARGIN_S)
    return speech


def _widened(frames: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Runs of ``frames`` grown by the margin of pauses on both sides."""
    width = 2 * round(_PAUSE_MARGIN_S * 60) + 1
    return np.convolve(frames, np.ones(width), "same") > 0


def _run_start(closed: NDArray[np.bool_], frame: int) -> int:
    while frame > 0 and closed[frame - 1]:
        frame -= 1
    return frame


def _long_runs(frames: NDArray[np.bool_]) -> int:
    """How many runs of at least ``_VISIBLE_FRAMES`` there are."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frames.view(np.int8), [0]])))
    return int(np.sum(np.diff(edges.reshape(-1, 2)) >= _VISIBLE_FRAMES))


def _auc(positive: list[float], negative: list[float]) -> float | None:
    """Area under the ROC curve by ranks (Mann-Whitney)."""
    if not positive or not negative:
        return None
    ranks = rankdata(np.concatenate([positive, negative]))
    count = len(positive)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(negative)))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _milli(values: list[float]) -> float | None:
    return 1e3 * float(np.mean(values)) if values else None


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)
