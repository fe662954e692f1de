"""A package of random weights: to try the run time, or to time a box, without the weights of anybody."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.neurosync.packaging import write_random
from models.neurosync.shape import POSITION_ENCODINGS, Shape
from models.neurosync.twin import NARROW


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", type=Path, help="new folder for the package")
    parser.add_argument("--full", action="store_true", help="the size of the public weights: 942 MB")
    parser.add_argument("--position-encoding", choices=POSITION_ENCODINGS, default="local")
    parser.add_argument("--seed", type=int, default=1)


def main(arguments: argparse.Namespace) -> int:
    """Write it; returns an exit status."""
    shape = Shape() if arguments.full else NARROW
    try:
        write_random(arguments.folder, shape, arguments.position_encoding, arguments.seed)
    except OSError as error:
        print(f"'{arguments.folder}' cannot be written: {error}", file=sys.stderr)
        return 1
    print(arguments.folder)
    return 0
