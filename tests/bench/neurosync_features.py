"""NeuroSync's acoustic features: ours beside the original recipe (librosa, np.correlate in a loop), and the streaming
form beside the batch: on three voices that its starting values were not made from, and on the bundled sample.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import soxr

from models.neurosync.statistics import HELD_OUT, spoken
from tests.bench.report import Bench, Row
from tests.face.neurosync.recipe import librosa_features
from visaged.audio.file_reader import read_all
from visaged.clock import RATE_HZ as HOUSE_HZ
from visaged.face.neurosync.features.cepstra import CEPSTRA
from visaged.face.neurosync.features.clip import FEATURES, features, normalise
from visaged.face.neurosync.features.mel import RATE_HZ
from visaged.face.neurosync.features.stream import WINDOW, FeatureStream, StreamState
from visaged.face.neurosync.features.upsample import DELAY_MS
from visaged.face.solver import FRAME_RATE_HZ, HOP
from visaged.samples import speech_path

SECONDS = 10
REPEATS = 25
_TAKE_S = 40
# By seconds heard.
AGES = (("first 3 s", 0, 3), ("3 to 10 s", 3, 10), ("after 10 s", 10, 1000))
DISTANCES = ("cepstra", "slopes", "autocorrelation", "newest slopes")


def measure() -> Bench:
    """Speed and error of both forms."""
    heard = read_all(speech_path())[: SECONDS * HOUSE_HZ]
    sound = normalise(np.asarray(soxr.resample(heard, HOUSE_HZ, RATE_HZ), np.float32))
    rows = [batch(sound), step(heard), *streaming()]
    note = (
        f"Batch: {SECONDS} s of the bundled speech, fastest of {REPEATS} runs in turn; CPU is of all threads: the "
        "original has one, ours two. Streaming: RMS difference to the batch features of the same 128 frames, which "
        "know the whole take (cepstra in standard deviations; slopes as a share of theirs; autocorrelation, up to 1), "
        "by how long the voice has been heard. The two newest frames of a window, whose slopes lack the sound that "
        "they reach into, stand in a column of their own; they are not shown."
    )
    return Bench("neurosync_features", "python -m tests.bench neurosync_features", rows, note)


def batch(sound: np.ndarray) -> Row:
    """A whole clip."""
    theirs, ours = [], []
    for _ in range(REPEATS):
        theirs.append(timed(lambda: librosa_features(sound)))
        ours.append(timed(lambda: features(sound)))
    # The fastest of each: whatever else the machine does only adds, and to two threads more than to one.
    (wall, wall_cpu), (fast, fast_cpu) = np.min(theirs, axis=0).tolist(), np.min(ours, axis=0).tolist()
    error = float(np.abs(features(sound) - librosa_features(sound)).max())
    return Row(
        what=f"batch, {SECONDS} s of speech",
        figures={
            "original ms": wall,
            "ours ms": fast,
            "times faster": wall / fast,
            "times less CPU": wall_cpu / fast_cpu,
            "largest error": error,
        },
        target=">= 20 x faster, error <= 1e-4",
        met=wall / fast >= 20 and error <= 1e-4,
    )


def step(sound: np.ndarray) -> Row:
    """What the solver's thread pays for a frame, and for a window."""
    stream, state = FeatureStream(), StreamState()
    out = np.zeros((WINDOW, FEATURES), np.float32)
    steps = [timed(lambda at=at: stream.step(sound[at : at + HOP], state))[0] for at in range(0, 400 * HOP, HOP)]
    windows = [timed(lambda: stream.window(state, out))[0] for _ in range(100)]
    figures = {
        "ours ms": percentile(steps, 50),
        "p99 ms": percentile(steps, 99),
        "window ms": percentile(windows, 50),
    }
    return Row(what="streaming, one 16.7 ms frame", figures=figures)


def streaming() -> list[Row]:
    """Distances, early and late."""
    found: dict[str, list[list[float]]] = {name: [] for name, _, _ in AGES}
    for take in (*spoken(HELD_OUT), read_all(speech_path())):
        heard = take[: _TAKE_S * HOUSE_HZ]
        for frames, row in distances(heard):
            name = next(name for name, low, high in AGES if low <= frames / FRAME_RATE_HZ < high)
            found[name].append(row)
    return [
        Row(
            what=f"streaming beside batch, {name}",
            figures=dict(zip(DISTANCES, np.sqrt(np.mean(np.array(rows), axis=0)).tolist(), strict=True)),
        )
        for name, rows in found.items()
    ]


def distances(heard: np.ndarray) -> Iterator[tuple[int, list[float]]]:
    """(frames heard, mean squares) every half second, from when a window is full of voice."""
    delayed = np.concatenate([np.zeros(round(DELAY_MS * RATE_HZ / 1000)), soxr.resample(heard, HOUSE_HZ, RATE_HZ)])
    whole = features(normalise(np.asarray(delayed, np.float32)))
    stream, state = FeatureStream(), StreamState()
    window = np.zeros((WINDOW, FEATURES), np.float32)
    cepstra, slopes, lags = slice(0, CEPSTRA), slice(CEPSTRA, 3 * CEPSTRA), slice(3 * CEPSTRA, None)
    for number in range(len(heard) // HOP):
        stream.step(heard[number * HOP : (number + 1) * HOP], state)
        frames = number + 1
        if frames > WINDOW and frames % (FRAME_RATE_HZ // 2) == 0:
            stream.window(state, window)
            batch = whole[frames - WINDOW : frames]
            squares = np.square(window - batch)
            size = float(np.square(batch[:, slopes]).mean())
            old, new = squares[:-2], squares[-2:]
            yield (
                frames,
                [
                    float(old[:, cepstra].mean()),
                    float(old[:, slopes].mean()) / size,
                    float(old[:, lags].mean()),
                    float(new[:, slopes].mean()) / size,
                ],
            )


def percentile(values: list[float], percent: float) -> float:
    """Of some times."""
    return float(np.percentile(values, percent))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """ms by the clock, and ms of CPU."""
    began, cpu_began = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - began) * 1000, (time.process_time() - cpu_began) * 1000
