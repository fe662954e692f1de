"""Mimi at its true size with random weights, for measurements: what it costs does not depend on them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final, Literal

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "visaged-bench" / "mimi-uint8"


def true_size(int8: Literal["transformer", "all"] = "transformer") -> Path:
    """The folder of both packages, the same weights each time; made once, in half a minute, with torch.

    ``int8``: what is int8 in them. Exits with the remedy where torch is missing.
    """
    folder = CACHE / int8
    if folder.exists():
        return folder
    try:
        from models.mimi.dims import TRUE  # noqa: PLC0415
        from models.mimi.packaging import Plan  # noqa: PLC0415
        from models.mimi.quantize import Int8  # noqa: PLC0415
        from models.mimi.random_packages import write  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(f"Mimi's packages cannot be made without {error.name}: ./setup.sh peers (make soak and make bench do)")
    print(f"making Mimi of random weights in {folder}, once, half a minute", file=sys.stderr)
    # Whole or not at all: what was cut off in the making must not be taken for done, nor be in the way.
    partial = folder.with_name(f"{int8}.part")
    shutil.rmtree(partial, ignore_errors=True)
    write(partial, TRUE, Plan(int8=Int8(int8)))
    partial.rename(folder)
    return folder
