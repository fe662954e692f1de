"""Builds the TensorRT engine of a package: minutes of work, done once per box and model."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visaged.inference.engines import EngineKey, begin, complete, tensorrt_options
from visaged.inference.errors import SessionError
from visaged.inference.manifest import Precision, TensorSpec
from visaged.inference.package import Package
from visaged.inference.providers import CPU, TENSORRT
from visaged.inference.session import ORT_ERRORS, OrtSession, open_session
from visaged.inference.timing import time_steps

_SECONDS = 2.0


@dataclass(frozen=True)
class Built:
    """What came of it."""

    folder: Path
    build_s: float
    step_ms: float
    difference: float
    """Largest difference of any output from the CPU's, for one random input."""


def build_engine(package: Package, precision: Precision, cache: Path, key: EngineKey) -> Built:
    """Build, try and keep the engine. Raises SessionError, OSError; nothing half-built is used then."""
    folder = begin(cache, key)
    try:
        began = time.monotonic()
        options = {TENSORRT: tensorrt_options(folder, precision)}
        session = open_session(package.model_path(precision, tensorrt=True), [TENSORRT], provider_options=options)
        feed = random_feed(package)
        answer = _run(session, feed)
        build_s = time.monotonic() - began
        expected = _run(open_session(package.model_path(precision), [CPU]), feed)
        difference = max(float(np.abs(a - b).max()) for a, b in zip(answer, expected, strict=True))
        timing = time_steps(lambda: _run(session, feed), _SECONDS)
        figures = {"build_s": build_s, "step_p50_ms": timing.p50_ms, "difference": difference}
        complete(cache, key, figures)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Built(folder, build_s, timing.p50_ms, difference)


def random_feed(package: Package) -> dict[str, NDArray[np.generic]]:
    """Something for every input and state: noise where numbers are real, zero elsewhere."""
    rng = np.random.default_rng(1)

    def some(spec: TensorSpec) -> NDArray[np.generic]:
        if spec.dtype.startswith("float"):
            return rng.standard_normal(spec.shape).astype(spec.dtype)
        return np.zeros(spec.shape, spec.dtype)

    return {spec.name: some(spec) for spec in (*package.manifest.inputs, *package.manifest.state)}


def _run(session: OrtSession, feed: dict[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]:
    try:
        return [np.asarray(value, np.float32) for value in session.run(None, feed)]
    except ORT_ERRORS as error:
        raise SessionError(f"the model does not run: {error}") from error
