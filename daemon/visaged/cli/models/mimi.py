"""``visaged models import mimi FILE``: the options; the work is done by the build side (models/mimi)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from visaged.cli.models.build_tools import load
from visaged.inference.weights_file import Form

NEEDS = ("torch", "onnx", "safetensors")
FORMS: Final[tuple[Form, ...]] = ("safetensors",)
"""That the weights come in."""


def add_arguments(group: Any) -> None:
    """Add the options to an argument group."""
    group.add_argument(
        "--codebooks",
        type=_codebooks,
        default=8,
        metavar="N",
        help="how many the packages have, 1 to 32; codec.codebooks may ask for fewer (default %(default)s)",
    )
    group.add_argument(
        "--gpu",
        action="store_true",
        help="for an NVIDIA GPU instead of the CPU: fp32 and fp16, named NAME-gpu, taken where CUDA runs",
    )
    group.add_argument(
        "--int8-all",
        action="store_true",
        help="int8 of the convolutions, too: smaller and faster, let out only if no hiss is measured",
    )


def import_weights(options: argparse.Namespace, path: Path) -> int:
    """Make and install both packages. Raises ToolsMissing, OSError."""
    return int(load("mimi", "import_command", NEEDS).run(options, path))


def _codebooks(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 32:
        raise argparse.ArgumentTypeError(f"'{text}': expected 1 to 32")
    return int(text)
