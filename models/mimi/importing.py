"""A checkpoint file becomes two installed packages, encoder and decoder: both or none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from models.mimi import checkpoint
from models.mimi.dims import TRUE, Dims
from models.mimi.packaging import Plan, Report, build
from visaged.files import sha256_of
from visaged.inference.package import Package
from visaged.inference.store import put, staging


class ImportRefused(Exception):
    """Nothing was installed: says why, and what to do."""


# fp32 and the smaller form of both directions take 1.5 times the checkpoint (32 codebooks: 2 times); the raw export is
# in memory twice, on disk once.
_DISK_RATIO = 2


def import_checkpoint(path: Path, root: Path, plan: Plan, report: Report, dims: Dims = TRUE) -> tuple[Package, Package]:
    """Install the packages of the weights in ``path`` under ``root``.

    Raises CheckpointError, GateError, ImportRefused, PackageError, OSError; ``root`` is as it was then.
    """
    names = [f"{plan.name}-{direction}" for direction in ("encoder", "decoder")]
    _check_room(path, root, [root / f"{name}-{plan.version}" for name in names])
    report(f"reading {path.name}", 0.0)
    weights = checkpoint.load(path, lambda share: report(f"reading {path.name}", share), dims)
    plan = replace(plan, source=f"{plan.source}; weights: {path.name}, SHA-256 {sha256_of(path)}"[:4000])
    with staging(root) as folder:
        encoder, decoder = build(weights, dims, plan, folder, report)
        heard = put(encoder, root)
        try:
            return heard, put(decoder, root)
        except BaseException:
            shutil.rmtree(heard.folder)
            raise


def _check_room(path: Path, root: Path, targets: list[Path]) -> None:
    """Before minutes of work: would the result find its place?"""
    for target in targets:
        if target.exists():
            raise ImportRefused(f"{target} is installed already; give a higher --version, or remove it first")
    root.mkdir(parents=True, exist_ok=True)
    needed, free = _DISK_RATIO * path.stat().st_size, shutil.disk_usage(root).free
    if free < needed:
        raise ImportRefused(f"'{root}' has {free >> 20} MiB free; {needed >> 20} MiB are needed: make room")
