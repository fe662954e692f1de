"""``visaged models list | verify``: the model packages on this box."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from visaged.cli import exit_codes
from visaged.cli.tables import plain_table, print_table
from visaged.inference.errors import PackageError
from visaged.inference.find import list_packages, search_roots
from visaged.inference.package import load_package


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="packages in the order in which they are looked for")
    listing.add_argument("--models", type=Path, metavar="DIR", help="folder that is searched before the others")
    verify = actions.add_parser("verify", help="check a package's manifest and the hash of every file")
    verify.add_argument("folder", type=Path, help="the folder with model.json")


def run(options: argparse.Namespace) -> int:
    """Do the chosen action; exit 1 when a package is refused."""
    return _list(options.models) if options.action == "list" else _verify(options.folder)


def _list(models_dir: Path | None) -> int:
    table = plain_table("folder", "kind", "name", "version", "precisions", "look-ahead ms")
    found, refused = 0, []
    for root in search_roots(models_dir):
        packages, bad = list_packages(root)
        refused += bad
        for package in packages:
            found += 1
            manifest = package.manifest
            precisions = ", ".join(f"{name}*" if name == manifest.precision else name for name in manifest.files)
            lookahead = ", ".join(f"{choice:g}" for choice in manifest.lookahead_ms)
            named = (manifest.kind, manifest.name, manifest.version)
            table.add_row(str(package.folder), *named, precisions, lookahead)
    if found:
        print_table(table)
    else:
        print("no package is installed; looked in " + ", ".join(map(str, search_roots(models_dir))))
    for error in refused:
        print(error, file=sys.stderr)
    return exit_codes.FAILED if refused else exit_codes.DONE


def _verify(folder: Path) -> int:
    try:
        manifest = load_package(folder).manifest
    except PackageError as error:
        print(error, file=sys.stderr)
        return exit_codes.FAILED
    parity = ", ".join(f"{name} {value:.2g}" for name, value in manifest.parity.items())
    print(f"{folder}: {manifest.name} {manifest.version} is sound; largest error against fp32: {parity}")
    print(f"made {manifest.created:%Y-%m-%d}. Source: {manifest.source} Licence: {manifest.licence}")
    return exit_codes.DONE
