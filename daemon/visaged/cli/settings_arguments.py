"""The options that say where settings come from, the same for every command that has them."""

from __future__ import annotations

import argparse
from pathlib import Path

from visaged.instance import default_settings_path


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --config and --set."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"settings file (default {default_settings_path()}, if it exists)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="override one setting, such as livelink.fps=30; may be repeated",
    )
