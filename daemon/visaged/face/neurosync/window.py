"""A window that is to be solved, and who solves it. What the solver knows of its model: nothing here needs one."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from visaged.curves import COUNT
from visaged.face.neurosync.emotion import EMOTIONS
from visaged.face.neurosync.features.clip import FEATURES, Features
from visaged.face.neurosync.features.stream import WINDOW
from visaged.inference.errors import SessionError

OUTPUTS: Final = COUNT + EMOTIONS
"""68 columns: the 61 curves in percent, then seven emotions. Weights trained on curves alone have no emotions."""

# Windows that a box is timed by, after one to warm up; more of them where they are short.
_TIMED: Final = 3
_TIMED_AT_MOST: Final = 20
_TIMED_MS: Final = 500.0
# The first window may have to wait for memory, or for a kernel to be compiled.
_FIRST_S: Final = 60.0


class Job:
    """One window: filled by a stream, answered by a worker, and used again."""

    def __init__(self, features: Features | None = None, curves: NDArray[np.float32] | None = None) -> None:
        """In memory of its own, or in that which is given: float32 [128, 256] and [128, 68]."""
        self.features = np.zeros((WINDOW, FEATURES), np.float32) if features is None else features
        self.curves = np.zeros((WINDOW, OUTPUTS), np.float32) if curves is None else curves
        self.end = 0
        """The stream's frame after the window's last."""
        self.took_ms = 0.0
        self.error: Exception | None = None
        self.lost = False
        """Whether there will be no answer, as who had the job died over it; another one may do."""


class Solves(Protocol):
    """Who takes jobs; from one thread at a time. Nothing waits unless it is asked to."""

    @property
    def failure(self) -> str | None:
        """Why no job will be answered any more; None: it works, or will soon again."""
        ...

    def offer(self, job: Job) -> bool:
        """Take ``job`` if there is nothing else to do. Its features may be written again at once."""
        ...

    def answered(self, job: Job, wait_s: float = 0.0) -> bool:
        """Whether ``job``, which was taken, is done (``curves`` and ``took_ms``), has failed (``error``) or is lost."""
        ...


def measured_ms(worker: Solves) -> float:
    """What a window costs now, in ms, while no stream uses ``worker``. Raises SessionError."""
    job, times_ms = Job(), list[float]()
    while len(times_ms) <= _TIMED or (len(times_ms) < _TIMED_AT_MOST and sum(times_ms) < _TIMED_MS):
        if not worker.offer(job) or not worker.answered(job, _FIRST_S):
            raise SessionError(worker.failure or f"the NeuroSync model does not answer within {_FIRST_S:g} s")
        if job.lost:
            raise SessionError("the NeuroSync process ended over its first windows")
        if job.error is not None:
            raise SessionError(str(job.error)) from job.error
        times_ms.append(job.took_ms)
    # The rest of the box is busy, too, while it starts: the quicker ones say what it can do.
    return sorted(times_ms[1:])[len(times_ms) // 4]
