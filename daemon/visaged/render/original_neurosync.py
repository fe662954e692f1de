"""``visaged render --compat``: a sound file through the original NeuroSync pipeline, start to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import soxr

from visaged.audio.file_reader import FileReader, opened
from visaged.config import Settings
from visaged.curves import COUNT
from visaged.face.neurosync.batch import Rows, solve_clip
from visaged.face.neurosync.features.clip import Features, TooShort, features, normalise
from visaged.face.neurosync.features.mel import RATE_HZ
from visaged.face.neurosync.model import WindowModel
from visaged.face.neurosync.threads import threads_for
from visaged.face.neurosync.window import Job
from visaged.face.solver import FRAME_RATE_HZ
from visaged.inference.errors import NoPackageError, SessionError
from visaged.inference.find import open_first
from visaged.inference.package import Package
from visaged.recording import Recording
from visaged.render.offline import OfflineError


def render_compat(
    source: Path | FileReader,
    settings: Settings,
    roots: Sequence[Path],
    progress: Callable[[float], None] = lambda done_s: None,
) -> Recording:
    """The curves that the original gives for a sound, at 60 fps, with the weights of the package under ``roots``.

    ``progress`` is told the seconds done. Raises FileUnusable, OfflineError, SessionError; RecordingError when the
    weights give what is no curve.
    """
    curves = compat_rows(source, settings, roots, progress)
    return Recording(np.ascontiguousarray(curves[:, :COUNT]), Fraction(FRAME_RATE_HZ))


def compat_rows(
    source: Path | FileReader,
    settings: Settings,
    roots: Sequence[Path],
    progress: Callable[[float], None] = lambda done_s: None,
) -> Rows:
    """The same with the seven emotions behind the curves, as the model gives them: float32 [frames, 68]."""
    with opened(source) as reader:
        sound, rate_hz = reader.read_native()
        name = reader.name
    try:
        heard = features(normalise(np.asarray(soxr.resample(sound, rate_hz, RATE_HZ, quality="HQ"), np.float32)))
    except TooShort as error:
        raise OfflineError(f"{name}: {error}") from None
    try:
        model, _ = open_first("neurosync", roots, lambda package: _open(package, settings))
    except NoPackageError as error:
        raise OfflineError(f"solver 'neurosync': {error}") from None
    job = Job()

    def solve(window: Features) -> Rows:
        job.features[:] = window
        model.solve(job)
        if job.error is not None:
            raise SessionError(str(job.error)) from job.error
        return job.curves

    return solve_clip(heard, solve, lambda frames: progress(frames / FRAME_RATE_HZ))


def _open(package: Package, settings: Settings) -> WindowModel:
    inference = settings.inference
    # The numbers are what it is about: full precision, unless another is asked for or there is none.
    exact = inference.precision == "auto" and "fp32" in package.manifest.files
    precision = "fp32" if exact else inference.precision
    threads = threads_for(inference, package)
    return WindowModel(package, precision, inference.providers, threads, inference.engine_cache)
