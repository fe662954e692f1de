"""NeuroSync's acoustic features: ours beside the original recipe (librosa, np.correlate in a loop), and the streaming
form beside ours."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import soxr

from tests.bench.report import Bench, Row
from tests.face.neurosync_recipe import librosa_features
from visaged.audio.file_reader import read_all
from visaged.clock import RATE_HZ as HOUSE_HZ
from visaged.face.neurosync_features import features, normalise
from visaged.face.neurosync_mel import RATE_HZ
from visaged.samples import speech_path

SECONDS = 10
REPEATS = 9


def measure() -> Bench:
    """Speed and error of both forms."""
    heard = read_all(speech_path())[: SECONDS * HOUSE_HZ]
    sound = normalise(np.asarray(soxr.resample(heard, HOUSE_HZ, RATE_HZ), np.float32))
    rows = [batch(sound)]
    note = f"{SECONDS} s of the bundled speech, median of {REPEATS} runs in turn. Target: issue text and targets.md."
    return Bench("neurosync_features", "python -m tests.bench neurosync_features", rows, note)


def batch(sound: np.ndarray) -> Row:
    """A whole clip."""
    theirs, ours = [], []
    for _ in range(REPEATS):
        theirs.append(timed(lambda: librosa_features(sound)))
        ours.append(timed(lambda: features(sound)))
    ratio = statistics.median(theirs) / statistics.median(ours)
    error = float(np.abs(features(sound) - librosa_features(sound)).max())
    return Row(
        what=f"batch, {SECONDS} s of speech",
        figures={
            "original ms": statistics.median(theirs),
            "ours ms": statistics.median(ours),
            "times faster": ratio,
            "largest error": error,
        },
        target=">= 20 x faster, error <= 1e-4",
        met=ratio >= 20 and error <= 1e-4,
    )


def timed(work: Callable[[], object]) -> float:
    """ms."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
