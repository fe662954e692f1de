"""``visaged models remove NAME [VERSION]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from visaged.console import exit_codes
from visaged.console.say import complain, say
from visaged.inference.find import BOX_ROOT
from visaged.inference.store import only_version, remove


def add_remove_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options."""
    action.add_argument("name", help="as visaged models list shows it")
    action.add_argument("version", nargs="?", help="such as 1.4.1; not needed where one version is installed")
    action.add_argument("--models", default=BOX_ROOT, metavar="DIR", help=f"folder of packages (default {BOX_ROOT})")


def remove_model(options: argparse.Namespace) -> int:
    """Remove a package. A daemon that runs it goes on until it starts again."""
    root = Path(options.models)
    try:
        folder = remove(root, options.name, options.version or only_version(root, options.name))
    except OSError as error:
        complain(f"{options.models}: cannot be changed: {error.strerror}; use sudo")
        return exit_codes.FAILED
    say(f"{folder} is removed")
    return exit_codes.DONE
