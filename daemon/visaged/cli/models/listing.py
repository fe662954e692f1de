"""``visaged models list | verify``: what is on this box, and whether it is sound."""

from __future__ import annotations

import argparse
from pathlib import Path

from visaged.console import exit_codes
from visaged.console.say import complain, say
from visaged.console.tables import plain_table, print_table
from visaged.inference.find import list_packages, search_roots
from visaged.inference.manifest import MANIFEST_NAME
from visaged.inference.package import Package, load_package


def add_list_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options of ``list``."""
    action.add_argument("--models", type=Path, metavar="DIR", help="folder that is searched before the others")


def add_verify_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options of ``verify``."""
    action.add_argument("folder", type=Path, help="the folder with model.json, or a folder of such folders")


def list_models(options: argparse.Namespace) -> int:
    """Print the packages; exit 1 when one is refused."""
    roots = search_roots(options.models)
    table = plain_table("folder", "kind", "name", "version", "precisions", "look-ahead ms")
    found, refused = 0, []
    for root in roots:
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
        print("no package is installed; looked in " + ", ".join(map(str, roots)))
    for error in refused:
        complain(error)
    return exit_codes.FAILED if refused else exit_codes.DONE


def verify(options: argparse.Namespace) -> int:
    """Check one package, or all in a folder; exit 1 when one is refused. Raises PackageError."""
    if (options.folder / MANIFEST_NAME).exists() or not any(options.folder.glob(f"*/{MANIFEST_NAME}")):
        _say_usable(load_package(options.folder))
        return exit_codes.DONE
    packages, refused = list_packages(options.folder)
    for package in packages:
        _say_usable(package)
    for error in refused:
        complain(error)
    return exit_codes.FAILED if refused else exit_codes.DONE


def _say_usable(package: Package) -> None:
    manifest = package.manifest
    parity = ", ".join(f"{name} {value:.2g}" for name, value in manifest.parity.items())
    say(f"{package.folder}: {manifest.name} {manifest.version} is usable; largest error against fp32: {parity}")
    say(f"made {manifest.created:%Y-%m-%d}. Source: {manifest.source} Licence: {manifest.licence}")
