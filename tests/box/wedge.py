"""The installed daemon with a fault in it: while /run/visaged/wedge exists, a step of the energy solver hangs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from visaged.cli import main
from visaged.curves import Pose
from visaged.face.energy import EnergySolver
from visaged.face.solver import Sound

_FAULT = Path("/run/visaged/wedge")
_sound_step = EnergySolver.step


def _step(solver: EnergySolver, sound: Sound, state: Any, pose: Pose) -> Any:
    while _FAULT.exists():
        time.sleep(0.05)
    return _sound_step(solver, sound, state, pose)


if __name__ == "__main__":
    EnergySolver.step = _step  # type: ignore[method-assign]
    sys.exit(main())
