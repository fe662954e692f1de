"""``python -m models.neurosync COMMAND``: what goes beyond ``visaged models import neurosync FILE``."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Final

COMMANDS: Final = {
    "errors": ("models.neurosync.errors_table", "the errors of every curve of a package against the torch module"),
    "random": ("models.neurosync.random_package", "a package of random weights, to try and to time things"),
    "statistics": ("models.neurosync.statistics", "what live features start from, measured on voices of this machine"),
}
"""Command -> (module with ``add_arguments(parser)`` and ``main(arguments) -> status``, help). Loaded when asked for."""


def main() -> int:
    """Run the command named on the command line; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m models.neurosync", description=__doc__)
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, about) in COMMANDS.items():
        command = commands.add_parser(name, help=about)
        if name == chosen:
            importlib.import_module(module).add_arguments(command)
    arguments = parser.parse_args()
    status: int = importlib.import_module(COMMANDS[arguments.command][0]).main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
