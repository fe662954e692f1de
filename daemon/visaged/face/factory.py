"""Makes solvers from packages; prosody (melody and stress of the voice) adds brows and head as the settings ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from visaged.config import Settings
from visaged.face.energy import EnergySolver
from visaged.face.prosody import ProsodyGains, ProsodySolver
from visaged.face.solver import Solver
from visaged.inference.package import Package
from visaged.metrics import Metrics
from visaged.problems import Problems

if TYPE_CHECKING:
    from visaged.face.neurosync.emotion import Vector
    from visaged.inference.find import Refusal

# Gestures lead the mouth by a little, as they lead the accented vowel in people (face/prosody.py).
_LEAD_STEPS: Final = 3

Trouble = Callable[[str | None], None]


@dataclass(frozen=True)
class SolverCallbacks:
    """Called with what a solver finds beside the curves, on the solver's thread; each returns at once."""

    phrase_end: Callable[[], None] = lambda: None
    """A phrase has ended, a blink would suit."""
    emotion: Callable[[Vector], None] = lambda vector: None
    """What the voice sounds like (NeuroSync)."""
    trouble: Trouble = lambda reason: None
    """Why a cheaper solver would do better on this box; None: another one was selected."""


@dataclass(frozen=True)
class OpenedSolver:
    """A solver and what it runs on. ``selected`` and ``replaced`` are called as it begins and ends to move the face;
    ``close`` lets go of what it runs on, ``join`` waits until it has.
    """

    solver: Solver[Any]
    package: Package
    precision: str
    providers: tuple[str, ...]
    selected: Callable[[], None] = lambda: None
    replaced: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    join: Callable[[], None] = lambda: None
    pids: Callable[[], tuple[int, ...]] = tuple
    """Processes that it runs in, beside the daemon's."""


class SolverFactory:
    """Opens solvers. Any thread."""

    def __init__(self, problems: Problems, metrics: Metrics, callbacks: SolverCallbacks, *, patient: bool) -> None:
        """``patient``: for a recording, which waits for its solver; else the solver never waits."""
        self._problems = problems
        self._metrics = metrics
        self._callbacks = callbacks
        self._patient = patient

    def without_model(self, settings: Settings) -> Solver[Any]:
        """The solver that needs none."""
        return self._with_prosody(EnergySolver(settings.face.lookahead_ms), settings)

    def first(self, roots: Sequence[Path], settings: Settings, trouble: Trouble) -> tuple[OpenedSolver, list[Refusal]]:
        """From the first package under ``roots`` that is sound and opens, and what was refused before it.

        ``trouble`` as in ``SolverCallbacks``. Raises NoPackageError and LookaheadError.
        """
        # ONNX Runtime takes longer to import than all of the rest.
        from visaged.inference.find import open_first  # noqa: PLC0415

        kind: Literal["lipsync", "neurosync"] = "neurosync" if settings.face.solver == "neurosync" else "lipsync"
        precision = settings.inference.precision
        return open_first(kind, roots, lambda package: self.package(package, precision, settings, trouble))

    def package(self, package: Package, precision: str, settings: Settings, trouble: Trouble) -> OpenedSolver:
        """From ``package``. Raises PackageError, SessionError, LookaheadError."""
        if package.manifest.kind == "neurosync":
            return self._neurosync(package, precision, settings, trouble)
        from visaged.face.lipsync.solver import LipsyncSolver  # noqa: PLC0415

        solver = LipsyncSolver(package, settings.face.lookahead_ms, precision, settings.inference.providers)
        return OpenedSolver(self._with_prosody(solver, settings), package, solver.precision, tuple(solver.providers))

    def _neurosync(self, package: Package, precision: str, settings: Settings, trouble: Trouble) -> OpenedSolver:
        from visaged.face.neurosync.factory import Watcher, open_live, open_patient  # noqa: PLC0415

        if self._patient:
            found = open_patient(package, precision, settings)
        else:
            watcher = Watcher(self._problems, self._metrics, self._callbacks.emotion, trouble)
            found = open_live(package, precision, settings, watcher)
        solver = found.solver
        # The model moves the brows itself, and hears so far ahead that gestures must wait for it.
        gain = settings.face.prosody
        wrapped: Solver[Any] = solver
        if gain:
            wrapped = ProsodySolver(
                solver,
                ProsodyGains(0.0, gain),
                self._callbacks.phrase_end,
                delay=lambda: max(solver.plan.lookahead - _LEAD_STEPS, 0),
            )
        return OpenedSolver(
            wrapped,
            package,
            found.precision,
            found.providers,
            selected=found.selected,
            replaced=found.replaced,
            close=found.close,
            join=found.join,
            pids=found.pids,
        )

    def _with_prosody(self, solver: Solver[Any], settings: Settings) -> Solver[Any]:
        gain = settings.face.prosody
        return ProsodySolver(solver, ProsodyGains(gain, gain), self._callbacks.phrase_end) if gain else solver
