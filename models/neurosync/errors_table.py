"""Prints what a package says of its errors, curve by curve: its report.json as a table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from models.neurosync.importing import REPORT
from models.neurosync.parity import COLUMNS
from visaged.console.tables import plain_table, print_table
from visaged.inference.errors import PackageError
from visaged.inference.package import load_package


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", type=Path, help="the package")


def main(arguments: argparse.Namespace) -> int:
    """Print; returns an exit status."""
    try:
        package = load_package(arguments.folder)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    if REPORT not in package.manifest.sha256:
        print(f"{package.folder} has no {REPORT}: it was not made by visaged models import neurosync", file=sys.stderr)
        return 1
    report = json.loads((package.folder / REPORT).read_text(encoding="utf-8"))["precisions"]
    table = plain_table("output", *(f"{precision} {figure}" for precision in report for figure in ("p99", "max")))
    for name in COLUMNS:
        found = [report[precision]["curves"].get(name) for precision in report]
        table.add_row(name, *(f"{errors[figure]:.5f}" for errors in found if errors for figure in ("p99", "max")))
    print_table(table)
    return 0
