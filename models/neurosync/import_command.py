"""What ``visaged models import neurosync`` runs: options to wishes, figures to a table, errors to a sentence."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from models.neurosync.checkpoint import CheckpointError
from models.neurosync.importing import REPORT, ImportFailed, Measured, Wishes, import_weights
from models.neurosync.parity import MOUTH_P99
from models.neurosync.speech import SpeechError
from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.tables import plain_table, print_table
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.manifest import Precision
from visaged.inference.package import Package


def run(options: argparse.Namespace, path: Path, comparison: dict[str, Any] | None = None) -> int:
    """Import; returns an exit status. ``comparison``: what told the position encoding. Raises OSError."""
    chosen = {
        "name": options.name,
        "licence": options.licence,
        "position": options.position_encoding,
        "heads": options.heads,
        "scaling": options.int8,
        "precisions": options.precisions,
        "calibrate_with": tuple(options.calibrate_with),
    }
    wishes = Wishes(
        version=options.version, comparison=comparison, **{name: value for name, value in chosen.items() if value}
    )
    try:
        with progress_bar() as report:
            package, measured = import_weights(path, options.models, wishes, report)
    except (CheckpointError, ImportFailed, SpeechError, PackageError, SessionError) as error:
        print(f"{error}. Nothing was installed or changed", file=sys.stderr)
        return exit_codes.FAILED
    _show(package, measured, options.position_encoding is None)
    return exit_codes.DONE


def _show(package: Package, measured: dict[Precision, Measured], guessed: bool) -> None:
    manifest = package.manifest
    table = plain_table("precision", "size MB", "on", "window ms", "mouth error p99", "largest error, percent points")
    for precision, found in measured.items():
        for candidate in found.candidates:
            ways = (
                f"  {candidate.scaling}",
                "",
                "",
                f"{candidate.timing.p50_ms:.0f}",
                f"{candidate.parity.mouth_p99:.4f}",
            )
            table.add_row(*ways, f"{candidate.parity.raw:.3f}")
        on = found.provider.removesuffix("ExecutionProvider")
        figures = (f"{found.size_mb:.0f}", on, f"{found.timing.p50_ms:.0f}", f"{found.parity.mouth_p99:.4f}")
        name = f"{precision}*" if precision == manifest.precision else precision
        table.add_row(name, *figures, f"{found.parity.raw:.3f}")
    print_table(table)
    print(f"{manifest.name} {manifest.version} is installed in {package.folder}; * is used where nothing else is set")
    print(f"errors of every curve: {package.folder / REPORT}")
    if measured[manifest.precision].parity.mouth_p99 > MOUTH_P99:
        print(f"no precision keeps the mouth within {MOUTH_P99:g}; the most exact one is used")
    if guessed:
        print(
            f"position encoding: {manifest.position_encoding}, which weights cannot tell. Look before you trust it: "
            "visaged models compare neurosync FILE"
        )
