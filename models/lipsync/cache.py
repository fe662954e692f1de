"""Where the build keeps its corpus, streams and weights: outside the repository, by a common option."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.logging import RichHandler

DEFAULT: Final = Path.home() / ".cache" / "visaged" / "lipsync"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--cache`` and ``--seed``, the same for every build command."""
    parser.add_argument(
        "--cache", type=Path, default=DEFAULT, metavar="DIR", help="working folder (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="makes everything reproducible (default %(default)s)")


def log_to_terminal() -> None:
    """Progress notes on the error stream."""
    handler = RichHandler(console=Console(stderr=True), show_path=False)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
