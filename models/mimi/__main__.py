"""``python -m models.mimi COMMAND``: what goes beyond ``visaged models import mimi FILE``."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Final

COMMANDS: Final = {
    "random": ("models.mimi.random_packages", "packages of random weights, to try and to time things without Kyutai's"),
}
"""Command -> (module with ``add_arguments(parser)`` and ``main(arguments) -> status``, help). Loaded when asked for."""


def main() -> int:
    """Run the command named on the command line; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m models.mimi", description=__doc__)
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
