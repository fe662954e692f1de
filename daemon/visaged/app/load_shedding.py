"""Heat and shortage of memory press on the solver ladder."""

from __future__ import annotations

from typing import Final

from visaged.clock import NS_PER_S
from visaged.face.degradation import SolverLadder
from visaged.system.pressure import Heat, MemoryShortage
from visaged.system.sensors import Sensors

# Sensors of a Jetson are read through its power processor, a millisecond each; heat is slow.
_EVERY_NS: Final = NS_PER_S


class Relief:
    """``update`` as often as you like, from one thread; it looks once a second."""

    def __init__(self, ladder: SolverLadder, sensors: Sensors, shortage: MemoryShortage) -> None:
        self._ladder = ladder
        self._sensors = sensors
        self._heat = Heat()
        self._shortage = shortage
        self._looked_ns = 0

    def update(self, time_ns: int) -> None:
        """Look at the box, step if need be (CLOCK_MONOTONIC ``time_ns``)."""
        if time_ns - self._looked_ns < _EVERY_NS:
            return
        self._looked_ns = time_ns
        self._ladder.press("heat", self._heat.reason(self._sensors.read()))
        self._ladder.press("memory", self._shortage.reason())
        self._ladder.update(time_ns)
