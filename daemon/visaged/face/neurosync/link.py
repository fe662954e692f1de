"""What the daemon and NeuroSync's process share: one window's memory, and the messages that say whose it is.

The memory is the daemon's until it sends a window's time, then the process's until it sends an answer. Both are system
calls, which order memory, and at no time do both sides touch it: no checksums are needed, as on the pose board.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from visaged.face.neurosync.features.clip import FEATURES
from visaged.face.neurosync.features.stream import WINDOW
from visaged.face.neurosync.window import OUTPUTS, Job
from visaged.inference.errors import PackageError, SessionError

_FEATURES_BYTES: Final = 4 * WINDOW * FEATURES
_BYTES: Final = _FEATURES_BYTES + 4 * WINDOW * OUTPUTS

WINDOW_AT: Final = struct.Struct("=q")
"""To the process: a window lies in the memory since this time (CLOCK_MONOTONIC, ns)."""
_TOOK: Final = struct.Struct("=d")
MESSAGE_BYTES: Final = 64 * 1024
"""No message is longer."""


@dataclass(frozen=True)
class OpenRequest:
    """What the process is to open."""

    folder: str
    model: str
    """Hash over the package's files (package.model_hash): another content than the daemon verified is refused."""
    precision: str
    providers: tuple[str, ...]
    threads: int | None
    """None: measure which number is best here."""
    engine_cache: str


@dataclass(frozen=True)
class Running:
    """What it opened."""

    precision: str
    providers: tuple[str, ...]
    threads: int
    window_ms: dict[int, float]
    """By threads, where that was measured."""
    undisturbed: bool
    """Whether it had a core to itself meanwhile, so that this says what the box can do."""


def create_memory() -> int:
    """A descriptor of memory for one window. Nothing is left behind, however the processes end."""
    descriptor = os.memfd_create("visaged-neurosync")
    os.ftruncate(descriptor, _BYTES)
    return descriptor


def map_job(descriptor: int) -> Job:
    """A job in the memory behind ``descriptor``, which stays the caller's."""
    memory = mmap.mmap(descriptor, _BYTES)
    features = np.frombuffer(memory, np.float32, WINDOW * FEATURES).reshape(WINDOW, FEATURES)
    curves = np.frombuffer(memory, np.float32, WINDOW * OUTPUTS, _FEATURES_BYTES).reshape(WINDOW, OUTPUTS)
    return Job(features, curves)


def encode_request(request: OpenRequest) -> str:
    """For the command line."""
    return json.dumps(asdict(request))


def decode_request(text: str) -> OpenRequest:
    """See above."""
    fields: dict[str, Any] = json.loads(text)
    return OpenRequest(**fields | {"providers": tuple(fields["providers"])})


def encode_opening(opened: Running | Exception) -> bytes:
    """The process's first message: what it runs, or why it does not."""
    if isinstance(opened, PackageError):
        told: dict[str, Any] = {"package": [str(opened.folder), opened.where, opened.problem]}
    elif isinstance(opened, Exception):
        told = {"session": str(opened)}
    else:
        told = asdict(opened)
    return json.dumps(told).encode()


def decode_opening(message: bytes) -> Running:
    """See above. Raises PackageError, SessionError: what the process raised."""
    told: dict[str, Any] = json.loads(message)
    if "package" in told:
        folder, where, problem = told["package"]
        raise PackageError(Path(folder), where, problem)
    if "session" in told:
        raise SessionError(told["session"])
    measured = {int(threads): float(took_ms) for threads, took_ms in told["window_ms"].items()}
    return Running(told["precision"], tuple(told["providers"]), told["threads"], measured, told["undisturbed"])


def encode_answer(took_ms: float, error: Exception | None) -> bytes:
    """A window is done: ms since it was offered, and what went wrong."""
    return _TOOK.pack(took_ms) + ("" if error is None else str(error) or type(error).__name__).encode()[:4096]


def decode_answer(message: bytes) -> tuple[float, SessionError | None]:
    """See above."""
    (took_ms,) = _TOOK.unpack_from(message)
    words = message[_TOOK.size :].decode(errors="replace")
    return took_ms, SessionError(words) if words else None
