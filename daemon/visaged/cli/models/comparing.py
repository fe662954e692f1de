"""``visaged models compare neurosync FILE [SAMPLE]``: the weights load any way, but which way makes a face?"""

from __future__ import annotations

import argparse
from pathlib import Path

from visaged.cli.models.importing import ImportFailed, add_package_arguments, check_weights
from visaged.cli.models.neurosync import add_arguments, compare_weights
from visaged.inference.find import BOX_ROOT
from visaged.samples import speech_path


def add_compare_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options."""
    action.add_argument("kind", choices=("neurosync",), help="kind of weights")
    action.add_argument("file", type=Path, metavar="FILE", help="the weights")
    action.add_argument(
        "sample",
        nargs="?",
        type=Path,
        default=speech_path(),
        metavar="SAMPLE",
        help="speech (default: the bundled one)",
    )
    action.add_argument("--text", default="", help="what the sample says, in English: finds p, b, m more surely")
    action.add_argument("--picture", type=Path, metavar="PNG", help="draw the curves of the variants above each other")
    action.add_argument("--install", action="store_true", help="then import the recommended variant")
    action.add_argument(
        "--models", type=Path, default=BOX_ROOT, metavar="DIR", help="folder to install into (default %(default)s)"
    )
    add_package_arguments(action)
    add_arguments(action.add_argument_group("neurosync weights"))


def compare_models(options: argparse.Namespace) -> int:
    """Compare. Raises ImportFailed, ToolsMissing."""
    if not options.sample.is_file():
        raise ImportFailed(f"'{options.sample}': there is no such file")
    try:
        check_weights(options.kind, options.file)
        return compare_weights(options, options.file)
    except OSError as error:
        raise ImportFailed(f"'{options.file}' is not compared: {error}") from None
