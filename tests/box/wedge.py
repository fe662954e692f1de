"""The installed daemon with a fault in it: while /run/visaged/wedge exists, a solver's step does not return."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from visaged.cli import main
from visaged.curves import Pose
from visaged.face import energy
from visaged.face.solver import Sound

_FAULT = Path("/run/visaged/wedge")


class _Faulty(energy.EnergySolver):
    def step(self, sound: Sound, state: Any, pose: Pose) -> Any:
        while _FAULT.exists():
            time.sleep(0.05)
        return super().step(sound, state, pose)


if __name__ == "__main__":
    from visaged.wiring import solvers

    solvers.EnergySolver = _Faulty  # type: ignore[misc]
    sys.exit(main())
