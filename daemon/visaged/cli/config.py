"""``visaged config check | show | init``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from visaged.cli.settings_arguments import add_settings_arguments
from visaged.config.default import default_toml, to_toml
from visaged.config.load import ConfigError, find_file, load
from visaged.console import exit_codes
from visaged.console.say import complain
from visaged.instance import default_settings_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the three actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="validate a settings file; exit 2 when something is wrong")
    check.add_argument("file", nargs="?", type=Path, help=f"default {default_settings_path()}")
    add_settings_arguments(actions.add_parser("show", help="print the settings in effect, as TOML"))
    init = actions.add_parser("init", help="write a commented default file")
    init.add_argument("file", nargs="?", type=Path, help="where to; default and -: standard output")
    init.add_argument("--force", action="store_true", help="replace a file that exists")


def run(options: argparse.Namespace) -> int:
    """Do the chosen action."""
    try:
        if options.action == "init":
            return _init(options.file, options.force)
        if options.action == "check":
            return _check(options.file)
        sys.stdout.write(to_toml(load(find_file(options.config), options.set)))
        return exit_codes.DONE
    except ConfigError as error:
        complain(error)
        return exit_codes.USAGE


def _check(file: Path | None) -> int:
    path = find_file(file)
    load(path)
    print(
        f"{path}: good"
        if path
        else f"{default_settings_path()} does not exist: the defaults are in effect, which are good"
    )
    return exit_codes.DONE


def _init(file: Path | None, force: bool) -> int:
    if file is None or str(file) == "-":
        sys.stdout.write(default_toml())
        return exit_codes.DONE
    try:
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
        with os.fdopen(os.open(file, flags, 0o644), "w", encoding="utf-8") as out:
            out.write(default_toml())
    except FileExistsError:
        print(f"{file} exists; use --force to replace it", file=sys.stderr)
        return exit_codes.FAILED
    except OSError as error:
        print(f"{file}: cannot be written: {error.strerror}", file=sys.stderr)
        return exit_codes.FAILED
    print(f"wrote {file}")
    return exit_codes.DONE
