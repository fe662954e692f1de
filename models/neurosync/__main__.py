"""``python -m models.neurosync COMMAND``: what goes beyond ``visaged models import neurosync FILE``."""

from __future__ import annotations

import sys
from typing import Final

from models.command_line import Commands, run

COMMANDS: Final[Commands] = {
    "errors": ("models.neurosync.errors_table", "the errors of every curve of a package against the torch module"),
    "random": ("models.neurosync.random_package", "a package of random weights, to try and to time things"),
    "statistics": ("models.neurosync.statistics", "what live features start from, measured on voices of this machine"),
}


def main() -> int:
    """Run the command named on the command line; returns its exit status."""
    return run("neurosync", __doc__, COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
