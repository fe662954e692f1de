"""Degrades the solver under thermal or memory pressure."""

from __future__ import annotations

from typing import Final

from visaged.clock import NS_PER_S
from visaged.face.degradation import SolverDegradation
from visaged.system.pressure import Heat, MemoryShortage
from visaged.system.sensors import Sensors

# Sensors of a Jetson are read through its power processor, a millisecond each; heat is slow.
_EVERY_NS: Final = NS_PER_S


class LoadShedding:
    """``update`` as often as you like, from one thread; it looks once a second."""

    def __init__(self, degradation: SolverDegradation, sensors: Sensors, shortage: MemoryShortage) -> None:
        self._degradation = degradation
        self._sensors = sensors
        self._heat = Heat()
        self._shortage = shortage
        self._looked_ns = 0

    def update(self, time_ns: int) -> None:
        """Look at the box, step if need be (CLOCK_MONOTONIC ``time_ns``)."""
        if time_ns - self._looked_ns < _EVERY_NS:
            return
        self._looked_ns = time_ns
        self._degradation.set_pressure("heat", self._heat.reason(self._sensors.read()))
        self._degradation.set_pressure("memory", self._shortage.reason())
        self._degradation.update(time_ns)
