"""Mimi at its true size with random weights, for measurements: what it costs does not depend on them."""

from __future__ import annotations

import os
from pathlib import Path

_NAME = Path("visaged-bench") / "mimi" / "transformer"


def true_size() -> Path:
    """The folder of both packages; made once, in half a minute, with torch."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / _NAME
    if not (folder / "mimi-decoder" / "model.json").exists():
        from models.mimi.dims import TRUE  # noqa: PLC0415
        from models.mimi.random_packages import write  # noqa: PLC0415

        write(folder, TRUE)
    return folder
