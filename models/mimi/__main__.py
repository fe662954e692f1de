"""``python -m models.mimi COMMAND``: what goes beyond ``visaged models import mimi FILE``."""

from __future__ import annotations

import sys
from typing import Final

from models.command_line import Commands, run

COMMANDS: Final[Commands] = {
    "random": ("models.mimi.random_packages", "packages of random weights, to try and to time things without Kyutai's"),
}


def main() -> int:
    """Run the command named on the command line; returns its exit status."""
    return run("mimi", __doc__, COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
