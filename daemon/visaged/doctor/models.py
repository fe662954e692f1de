"""The solver's model: is there a sound package, does it run, and on what really?"""

from __future__ import annotations

from collections.abc import Iterator

from visaged.config import Settings
from visaged.doctor.finding import Finding, fail, ok, warn


def check(settings: Settings) -> Iterator[Finding]:
    """Open the model as the daemon would."""
    if settings.face.solver == "energy":
        yield ok("solver", "energy: signal processing, no model")
        return
    # ONNX Runtime takes longer to import than every other check takes to run.
    from visaged.face.lipsync import LookaheadError, open_lipsync  # noqa: PLC0415
    from visaged.inference.errors import NoPackageError, PackageError, SessionError  # noqa: PLC0415
    from visaged.inference.find import search_roots  # noqa: PLC0415

    inference = settings.inference
    try:
        solver, refused = open_lipsync(
            search_roots(), settings.face.lookahead_ms, inference.precision, inference.providers
        )
    except (NoPackageError, PackageError, SessionError, LookaheadError) as error:
        yield fail("solver", str(error), "The energy solver is used instead; install a sound package")
        return
    for refusal in refused:
        yield warn("model package", str(refusal), "Remove it, or install it again")
    manifest = solver.package.manifest
    where = f"{solver.precision} on {', '.join(solver.providers)}, from {solver.package.folder}"
    yield ok("solver", f"{manifest.name} {manifest.version}, {where}")
