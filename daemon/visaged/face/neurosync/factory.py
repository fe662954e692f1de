"""NeuroSync for the solver stage: a package with a worker, the plan that this box keeps up with, words for health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from visaged.config import Settings
from visaged.face.neurosync.emotion import Vector
from visaged.face.neurosync.link import OpenRequest
from visaged.face.neurosync.plan import MAX_HOP, PROMPT_MS, Plan, plan_for, plan_of
from visaged.face.neurosync.solver import NeurosyncSolver
from visaged.face.neurosync.threads import keep_measured, read_measured, threads_for
from visaged.face.neurosync.window import Solves, measured_ms
from visaged.face.neurosync.worker import Worker
from visaged.inference.errors import SessionError
from visaged.inference.package import Package, model_hash
from visaged.metrics import Metrics
from visaged.problems import Problems

LATE: Final = "neurosync_late"


@dataclass(frozen=True)
class Watcher:
    """Where a running solver reports to; called on its thread."""

    problems: Problems
    metrics: Metrics
    on_emotion: Callable[[Vector], None] = lambda vector: None
    on_trouble: Callable[[str], None] = lambda reason: None

    def tell(self, plan: Plan) -> None:
        """The plan now followed; one that shows the face late is a problem to know of."""
        self.metrics.gauge("neurosync.hop_ms").value = round(plan.hop * 1000 / 60, 1)
        self.metrics.gauge("neurosync.lookahead_ms").value = round(plan.lookahead_ms, 1)
        self.problems.clear(LATE)
        if plan.lookahead_ms > PROMPT_MS:
            message = f"NeuroSync hears {plan.lookahead_ms:.0f} ms ahead on this box, and the face is that late"
            remedy = f'For {PROMPT_MS:.0f} ms and less: int8 if the package has it, a GPU, or face.solver = "lipsync"'
            self.problems.open(LATE, message, remedy)

    def tell_threads(self, threads: int) -> None:
        """What the model's session has."""
        self.metrics.gauge("neurosync.threads").value = threads

    def forget(self) -> None:
        """It does not run any more."""
        self.problems.clear(LATE)
        for name in ("hop_ms", "lookahead_ms", "threads"):
            self.metrics.gauge(f"neurosync.{name}").value = None


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Ready:
    """A NeuroSync solver, and what it runs on."""

    solver: NeurosyncSolver
    precision: str
    providers: tuple[str, ...]
    selected: Callable[[], None] = _nothing
    replaced: Callable[[], None] = _nothing
    close: Callable[[], None] = _nothing
    join: Callable[[], None] = _nothing
    pids: Callable[[], tuple[int, ...]] = tuple
    """All as in ``opening.Opened``."""


def open_live(package: Package, precision: str, settings: Settings, watcher: Watcher) -> Ready:
    """``package`` with a worker of its own, timed. Raises PackageError, SessionError."""
    worker = _worker(package, precision, settings, watcher)
    try:
        plan = _live_plan(worker, settings, watcher)
    except SessionError:
        worker.close()
        raise
    solver = NeurosyncSolver(
        worker,
        plan,
        metrics=watcher.metrics,
        on_emotion=watcher.on_emotion,
        on_plan=watcher.tell if settings.face.neurosync_hop_ms == "auto" else None,
        on_trouble=watcher.on_trouble,
    )

    def selected() -> None:
        watcher.tell(solver.plan)
        watcher.tell_threads(worker.running.threads)

    return Ready(
        solver,
        worker.running.precision,
        worker.running.providers,
        selected=selected,
        replaced=watcher.forget,
        close=worker.close,
        join=worker.join,
        pids=lambda: () if worker.pid is None else (worker.pid,),
    )


def open_patient(package: Package, precision: str, settings: Settings) -> Ready:
    """``package`` for a recording: every window is waited for, so the plan is all that the box's speed decides.

    Raises PackageError, SessionError.
    """
    # The model's library is for this process only where it runs in it.
    from visaged.face.neurosync.model import Patient, WindowModel  # noqa: PLC0415

    inference = settings.inference
    threads = threads_for(inference, package)
    model = WindowModel(package, precision, inference.providers, threads, inference.engine_cache)
    worker = Patient(model)
    hop_ms = settings.face.neurosync_hop_ms
    plan = (plan_for(measured_ms(worker)) or Plan(MAX_HOP, MAX_HOP)) if hop_ms == "auto" else plan_of(hop_ms)
    return Ready(NeurosyncSolver(worker, plan), model.precision, model.providers)


def _worker(package: Package, precision: str, settings: Settings, watcher: Watcher) -> Worker:
    inference, chosen = settings.inference, package.choose(precision)
    threads: int | None = inference.threads if "threads" in inference.model_fields_set else None
    known = read_measured(inference.engine_cache, package, chosen)
    if threads is None and known is not None:
        threads = known.threads
    request = OpenRequest(
        folder=str(package.folder),
        model=model_hash(package.manifest),
        precision=chosen,
        providers=tuple(inference.providers),
        threads=threads,
        engine_cache=str(inference.engine_cache),
    )
    worker = Worker(
        request, watcher.problems, watcher.metrics, realtime_priority=max(settings.runtime.realtime_priority - 2, 0)
    )
    if worker.running.undisturbed:
        keep_measured(inference.engine_cache, package, chosen, worker.running.window_ms)
    return worker


def _live_plan(worker: Solves, settings: Settings, watcher: Watcher) -> Plan:
    """What is asked for, or what this box keeps up with; trouble when there is no such thing."""
    window_ms = measured_ms(worker)
    possible = plan_for(window_ms)
    hop_ms = settings.face.neurosync_hop_ms
    if hop_ms == "auto":
        if possible is None:
            watcher.on_trouble(f"this box takes {window_ms:.0f} ms for a window, too long for a live face")
        return possible or Plan(MAX_HOP, MAX_HOP)
    wanted = plan_of(hop_ms)
    if possible is None or possible.hop > wanted.hop:
        watcher.on_trouble(f"face.neurosync_hop_ms = {hop_ms:g}, but this box takes {window_ms:.0f} ms for a window")
    return wanted
