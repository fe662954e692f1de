"""What ``visaged models import mimi`` runs: options to a plan, figures to lines, errors to a sentence."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.mimi.checkpoint import CheckpointError
from models.mimi.importing import ImportRefused, import_checkpoint
from models.mimi.packaging import GateError, Plan
from models.mimi.quantize import Int8, QuantizationError
from models.mimi.transformer import Memory
from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.package import Package

# Kyutai publishes both files under it.
_LICENCE = "CC-BY-4.0, Kyutai"
_SOURCE = "models/mimi of visaged"


def run(options: argparse.Namespace, path: Path) -> int:
    """Import; returns an exit status. Raises OSError."""
    name = options.name or "mimi"
    plan = Plan(
        name=f"{name}-gpu" if options.gpu else name,
        version=options.version,
        codebooks=options.codebooks,
        memory=Memory.SHIFT if options.gpu else Memory.RING,
        int8=Int8.EVERYTHING if options.int8_all else Int8.TRANSFORMER,
        source=_SOURCE,
        licence=options.licence or _LICENCE,
    )
    try:
        with progress_bar() as report:
            packages = import_checkpoint(path, options.models, plan, report)
    except (CheckpointError, GateError, ImportRefused, QuantizationError, PackageError, SessionError) as error:
        print(f"{error}. Nothing was installed or changed", file=sys.stderr)
        return exit_codes.FAILED
    for package in packages:
        _show(package)
    return exit_codes.DONE


def _show(package: Package) -> None:
    manifest = package.manifest
    print(f"{manifest.name} {manifest.version} is installed in {package.folder}")
    for precision, file in manifest.files.items():
        size_mb = (package.folder / file).stat().st_size / 1e6
        used = ", used unless another is set" if precision == manifest.precision else ""
        print(f"  {precision}: {size_mb:.0f} MB{used}")
        for name, value in manifest.quality.get(precision, {}).items():
            print(f"    {name:<24} {value:.4g}")
