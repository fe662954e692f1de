"""``visaged models import | compare neurosync FILE``: the options; the build side (models/neurosync) does the work."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final, get_args

from visaged.cli.models.build_tools import load
from visaged.inference.manifest import PositionEncoding, Precision
from visaged.inference.weights_file import Form

NEEDS = ("torch", "onnx", "safetensors")
FORMS: Final[tuple[Form, ...]] = ("torch", "safetensors")
"""That the weights come in."""


def add_arguments(group: Any) -> None:
    """Add the options to an argument group."""
    group.add_argument(
        "--position-encoding",
        choices=get_args(PositionEncoding),
        help="what the weights were trained with, which they do not tell (default local; see models compare)",
    )
    group.add_argument("--heads", type=_count, metavar="N", help="attention heads (default: 16 of 8 layers, 4 of 4)")
    group.add_argument(
        "--precisions",
        type=_precisions,
        metavar="LIST",
        help="which to make (default fp32,fp16,int8; int8 is the CPU's)",
    )
    group.add_argument(
        "--int8", choices=("dynamic", "static"), help="how int8 scales activations (default: the better one, measured)"
    )
    group.add_argument(
        "--calibrate-with",
        type=Path,
        action="append",
        default=[],
        metavar="SOUND",
        help="speech for static int8, repeatable (default: voices of flite and espeak-ng, else the bundled speech)",
    )


def import_weights(options: argparse.Namespace, path: Path) -> int:
    """Make and install a package. Raises ToolsMissing, OSError."""
    return int(load("neurosync", "import_command", NEEDS).run(options, path))


def compare_weights(options: argparse.Namespace, path: Path) -> int:
    """Compare the variants of some weights on a sample. Raises ToolsMissing, OSError."""
    needs = (*NEEDS, "matplotlib") if options.picture else NEEDS
    return int(load("neurosync", "compare_command", needs).run(options, path))


def _precisions(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    known = get_args(Precision)
    if not all(word in known for word in words):
        raise argparse.ArgumentTypeError(f"'{text}': expected some of {', '.join(known)}, with commas between")
    return words


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"'{text}': expected 1 to 256")
    return int(text)
