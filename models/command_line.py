"""What ``python -m models.NAME COMMAND`` has in common: a table of commands, each loaded only when it is asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Mapping

Commands = Mapping[str, tuple[str, str]]
"""Command -> (module with ``add_arguments(parser)`` and ``main(arguments) -> status``, help)."""


def run(name: str, about: str | None, table: Commands) -> int:
    """Run the command of ``models.NAME`` that the command line names; returns its exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m models.{name}", description=about)
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word, (module, help_text) in table.items():
        command = commands.add_parser(word, help=help_text)
        # torch and pocketsphinx are slow to load: only the command asked for is.
        if word == chosen:
            importlib.import_module(module).add_arguments(command)
    arguments = parser.parse_args()
    status: int = importlib.import_module(table[arguments.command][0]).main(arguments)
    return status
