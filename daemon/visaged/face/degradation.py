"""When the box cannot carry the solver that was asked for: step down soon, back up late.

Each source of pressure (heat, memory, a solver that is too slow) reports a reason under its own name. This file knows
nothing of a source but that reason.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Final

from visaged.clock import NS_PER_S
from visaged.config import Settings
from visaged.problems import Problems

log = logging.getLogger(__name__)

PROBLEM: Final = "solver_stepped_down"
# Pressure that lasts is meant, not the moment in which a fan spins up.
_DOWN_NS: Final = 5 * NS_PER_S
# What a step brings shows only after a while: heat flows slowly, and averages are over 10 s.
_SETTLE_NS: Final = 20 * NS_PER_S
# A step up that does not last is tried again later and later.
_UP_FIRST_NS: Final = 60 * NS_PER_S
_UP_LAST_NS: Final = 960 * NS_PER_S

FallbackLevel = Settings | None
"""What to run: settings for the solvers, or None: no solver, the face lives on idle."""


# What is cheaper than each solver.
_BELOW: Final[dict[str, str | None]] = {"neurosync": "lipsync", "lipsync": "energy", "energy": None}
# Where a lower precision saves something: a step of 16.7 ms costs the lip-sync model 0.46 ms in fp32 and 0.43 in int8
# (one core of an AMD EPYC; the energy solver 0.07).
_PRECISION_MATTERS: Final = frozenset({"neurosync"})


def fallback_levels(settings: Settings, precisions: Collection[str] = ()) -> tuple[FallbackLevel, ...]:
    """From what ``settings`` ask for down to idle, each cheaper than the one above.

    ``precisions``: those that the package now running has.
    """
    name: str | None = settings.face.solver
    levels: list[FallbackLevel] = [settings]
    if name in _PRECISION_MATTERS and "int8" in precisions and settings.inference.precision != "int8":
        levels.append(with_solver(settings, name, "int8"))
    while name is not None:
        name = _BELOW.get(name)
        levels.append(None if name is None else with_solver(settings, name, "auto"))
    return tuple(levels)


def with_solver(settings: Settings, solver: str | None, precision: str | None = None) -> Settings:
    """``settings`` with another solver, and another precision if it is given."""
    precision = precision or settings.inference.precision
    face = settings.face.model_copy(update={"solver": solver})
    inference = settings.inference.model_copy(update={"precision": precision})
    return settings.model_copy(update={"face": face, "inference": inference})


def level_name(level: FallbackLevel) -> str:
    """``energy``, ``neurosync (int8)``, ``idle``."""
    if level is None:
        return "idle"
    precision = level.inference.precision
    return level.face.solver if precision == "auto" else f"{level.face.solver} ({precision})"


class SolverDegradation:
    """``set_pressure``: any thread; ``update``, ``restart``: those that look after the daemon, one at a time."""

    def __init__(self, use: Callable[[FallbackLevel], None], problems: Problems) -> None:
        """``use(level)`` makes the face run on it; it must not wait."""
        self._use = use
        self._problems = problems
        self._lock = threading.Lock()
        self._pressures: dict[str, str] = {}
        self._make: Callable[[], Sequence[FallbackLevel]] = lambda: (None,)
        self._levels: Sequence[FallbackLevel] = (None,)
        self._at = 0
        self._up_ns = _UP_FIRST_NS
        self._pressed = self._went_up = False
        # When pressure began or ended, and when a step was last made; 0: not yet.
        self._changed_ns = self._stepped_ns = 0

    @property
    def level(self) -> FallbackLevel:
        """What it steps to."""
        return self._levels[self._at]

    def set_pressure(self, source: str, reason: str | None) -> None:
        """``source`` (thermal, memory, speed …) finds that less should be done, for ``reason``; None: no more."""
        with self._lock:
            if reason is None:
                self._pressures.pop(source, None)
            else:
                self._pressures[source] = reason

    def restart(self, make: Callable[[], Sequence[FallbackLevel]]) -> None:
        """Other settings: their first level runs, or is about to. ``make`` is asked for all when one is needed."""
        with self._lock:
            self._make, self._levels = make, (None,)
            self._at, self._up_ns = 0, _UP_FIRST_NS
            self._changed_ns = self._stepped_ns = 0
            self._pressed = self._went_up = False
        self._problems.clear(PROBLEM)

    def update(self, time_ns: int) -> None:
        """Step, if it is time (CLOCK_MONOTONIC ``time_ns``)."""
        with self._lock:
            reasons = "; ".join(self._pressures.values())
            if bool(reasons) != self._pressed or not self._changed_ns:
                self._pressed, self._changed_ns = bool(reasons), time_ns
            direction = self._direction(time_ns)
            if not direction:
                return
            if direction > 0 and self._went_up:
                self._up_ns = min(2 * self._up_ns, _UP_LAST_NS)
            self._at += direction
            self._went_up = direction < 0
            self._stepped_ns = time_ns
            level = self.level
        self._tell(reasons)
        self._use(level)

    def _direction(self, time_ns: int) -> int:
        """+1: a step down is due, -1: up, 0: neither."""
        for_ns = time_ns - self._changed_ns
        since_step_ns = time_ns - self._stepped_ns if self._stepped_ns else _UP_LAST_NS
        if self._pressed:
            if not self._at:
                self._levels = self._make()
            lower = self._at + 1 < len(self._levels)
            return int(lower and for_ns >= _DOWN_NS and since_step_ns >= _SETTLE_NS)
        return -int(self._at > 0 and min(for_ns, since_step_ns) >= self._up_ns)

    def _tell(self, reasons: str) -> None:
        now, wanted = level_name(self.level), level_name(self._levels[0])
        self._problems.clear(PROBLEM)
        if not self._at:
            log.info("'%s' moves the face again", wanted)
            return
        why = reasons or "it was too much for this box a while ago"
        remedy = (
            "It steps back up by itself. For good: cool the box, give it less to do beside this, or set face.solver"
        )
        self._problems.open(PROBLEM, f"'{now}' moves the face instead of '{wanted}': {why}", remedy)
