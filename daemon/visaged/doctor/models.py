"""The solver's model: is there a usable package, does it run, and on what really?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from visaged.config import Settings
from visaged.doctor.finding import Finding, fail, ok, warn


def check(settings: Settings, roots: Sequence[Path] | None = None) -> Iterator[Finding]:
    """Open the model as the daemon would. ``roots``: where packages are."""
    if settings.face.solver == "energy":
        yield ok("solver", "energy: signal processing, no model")
        return
    if settings.face.solver == "neurosync":
        yield from _neurosync(settings, roots)
        return
    # ONNX Runtime takes longer to import than every other check takes to run.
    from visaged.face.lipsync.solver import LookaheadError, open_lipsync  # noqa: PLC0415
    from visaged.inference.errors import NoPackageError, PackageError, SessionError  # noqa: PLC0415
    from visaged.inference.find import search_roots  # noqa: PLC0415

    inference = settings.inference
    try:
        solver, refused = open_lipsync(
            search_roots() if roots is None else roots,
            settings.face.lookahead_ms,
            inference.precision,
            inference.providers,
        )
    except (NoPackageError, PackageError, SessionError, LookaheadError) as error:
        yield fail("solver", str(error), "The energy solver is used instead; install a usable model package")
        return
    for refusal in refused:
        yield warn("model package", str(refusal), "Remove it, or install it again")
    manifest = solver.package.manifest
    where = f"{solver.precision} on {', '.join(solver.providers)}, from {solver.package.folder}"
    yield ok("solver", f"{manifest.name} {manifest.version}, {where}")


def _neurosync(settings: Settings, roots: Sequence[Path] | None) -> Iterator[Finding]:
    """Open it, and time it as the daemon does: how far would it hear ahead on this box?"""
    from visaged.face.neurosync.model import Patient, WindowModel  # noqa: PLC0415
    from visaged.face.neurosync.plan import PROMPT_MS, plan_for  # noqa: PLC0415
    from visaged.face.neurosync.threads import threads_for  # noqa: PLC0415
    from visaged.face.neurosync.window import measured_ms  # noqa: PLC0415
    from visaged.inference.errors import NoPackageError, SessionError  # noqa: PLC0415
    from visaged.inference.find import open_first, search_roots  # noqa: PLC0415
    from visaged.inference.package import Package  # noqa: PLC0415

    inference = settings.inference

    def opened(package: Package) -> tuple[WindowModel, Package]:
        model = WindowModel(package, inference.precision, inference.providers, threads_for(inference, package))
        return model, package

    try:
        (model, package), refused = open_first("neurosync", search_roots() if roots is None else roots, opened)
        window_ms = measured_ms(Patient(model))
    except (NoPackageError, SessionError) as error:
        yield fail("solver", str(error), "The energy solver is used instead; visaged models import neurosync FILE")
        return
    for refusal in refused:
        yield warn("model package", str(refusal), "Remove it, or install it again")
    named = f"{package.manifest.name} {package.manifest.version}, {model.precision} on {', '.join(model.providers)}"
    plan = plan_for(window_ms)
    if plan is None:
        text = f"{named}: {window_ms:.0f} ms for a window is too long for a live face"
        yield fail(
            "solver", text, 'The daemon steps down to lipsync; use int8 or a GPU, or set face.solver = "lipsync"'
        )
    elif plan.lookahead_ms > PROMPT_MS:
        text = f"{named}: {window_ms:.0f} ms for a window, so the face is {plan.lookahead_ms:.0f} ms late"
        yield warn("solver", text, f'For {PROMPT_MS:.0f} ms and less: int8, a GPU, or face.solver = "lipsync"')
    else:
        yield ok("solver", f"{named}: {window_ms:.0f} ms for a window, look-ahead {plan.lookahead_ms:.0f} ms")
