"""CUDA graphs: the whole step of a model without state recorded once, then replayed as one launch.

Not yet run on a card: ``make test-gpu`` is what checks it there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from visaged.inference.errors import SessionError
from visaged.inference.manifest import Manifest, Precision
from visaged.inference.providers import AUTO, CUDA
from visaged.inference.session import OrtSession, available, open_session

log = logging.getLogger(__name__)


def open_captured(
    path: Path, manifest: Manifest, precision: Precision, providers: Sequence[str], threads: int
) -> OrtSession | None:
    """A session that records its step as a CUDA graph; None where that cannot be: no card, state, int8, not CUDA.

    int8 graphs are made for the CPU, and a model with state writes to other memory in every second step.
    """
    wanted = list(providers) == [AUTO] or [name.lower() for name in providers] in (["cuda"], ["cuda", "cpu"])
    if not wanted or CUDA not in available() or manifest.state or manifest.rings or precision == "int8":
        return None
    try:
        return open_session(path, ["cuda"], threads, {CUDA: {"enable_cuda_graph": "1"}})
    except SessionError as error:
        log.info("no CUDA graph of %s: %s", path.name, error)
        return None
