"""What ``visaged models compare neurosync`` runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.neurosync import import_command
from models.neurosync.checkpoint import CheckpointError, read
from models.neurosync.compare import Comparison, compare
from models.neurosync.marks import mark
from models.neurosync.speech import SpeechError, clip_features
from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.tables import plain_table, print_table


def run(options: argparse.Namespace, path: Path) -> int:
    """Compare, draw, recommend and, if asked, import; returns an exit status. Raises OSError."""
    try:
        with progress_bar() as report:
            model = read(path, None, options.heads, lambda share: report("reading the weights", share))
            report("listening to the sample", 0.0)
            found = compare(model, clip_features(options.sample), mark(options.sample, options.text), report)
    except (CheckpointError, SpeechError) as error:
        print(error, file=sys.stderr)
        return exit_codes.FAILED
    _show(found)
    if options.picture:
        from models.neurosync.comparison_picture import draw  # noqa: PLC0415

        draw(found, options.picture, f"{path.name} on {options.sample.name}, closures by {found.marks.heard_by}")
        print(f"picture: {options.picture}")
    if not options.install:
        return exit_codes.DONE
    if options.position_encoding is None and not found.clear:
        print("not imported: no variant is clearly the best; choose one with --position-encoding", file=sys.stderr)
        return exit_codes.FAILED
    options.position_encoding = options.position_encoding or found.best
    return import_command.run(options, path, {"sample": options.sample.name, **found.record()})


def _show(found: Comparison) -> None:
    heads = ("shuts on p b m", "moves in silence", "jaw range", "follows the voice", "shakes", "outside 0..1", "score")
    table = plain_table("position encoding", *heads)
    for position, figures in found.figures.items():
        values = (figures.closure, figures.silence, figures.jaw_range, figures.follows, figures.shakes, figures.outside)
        table.add_row(position, *(f"{value:.2f}" for value in values), f"{figures.score:.2f}")
    print_table(table)
    print(f"{len(found.marks.closures)} closures, found by {found.marks.heard_by}")
    if found.clear:
        print(f"recommended: {found.best}. Import it with: --position-encoding {found.best}, or --install here")
    else:
        print(
            "no variant is clearly the best: look at the picture, take a longer sample, or these weights need another"
        )
