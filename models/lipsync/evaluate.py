"""``python -m models.lipsync evaluate DIR``.

Judge solvers, HeadAudio and Rhubarb on the clips of a folder, side by side.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from models.lipsync.eval import report
from models.lipsync.eval.clip import Clip, ClipError, read_folder
from models.lipsync.eval.conditions import CONDITIONS
from models.lipsync.eval.contenders import ContenderError, default_package, find
from models.lipsync.eval.others import PACKAGES, Other, OtherError
from models.lipsync.eval.session import CLEAN, evaluate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="clips: NAME.wav with NAME.json, .lab, .txt or nothing"
    )
    parser.add_argument(
        "--solver",
        action="append",
        metavar="NAME",
        help="energy[@MS], shut, follower, or PACKAGE_DIR[@MS][:PRECISION]; may be repeated "
        "(default: the shipped package at 0, 40 and 80 ms, energy, shut, follower)",
    )
    parser.add_argument("--condition", action="append", choices=list(CONDITIONS), help="default: all")
    parser.add_argument("--voice", action="append", metavar="PREFIX", help="only voices whose name starts so")
    parser.add_argument("--no-others", action="store_true", help="leave HeadAudio and Rhubarb out")
    parser.add_argument(
        "--other-condition", action="append", choices=list(CONDITIONS), help="conditions for those two (default: clean)"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path(".cache/lipsync-eval"), help="npm packages and their answers"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there")


def main(arguments: argparse.Namespace) -> int:
    """Judge and report; returns an exit status."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    progress = Console(stderr=True)
    conditions = arguments.condition or list(CONDITIONS)
    try:
        contenders = [find(name) for name in arguments.solver or _default_solvers()]
        clips, skipped = read_folder(arguments.folder)
        clips = _chosen(clips, arguments.voice)
        others = [] if arguments.no_others else [Other(kind, arguments.cache) for kind in PACKAGES]
        result = evaluate(
            clips,
            contenders,
            others,
            conditions=conditions,
            other_conditions=arguments.other_condition or [CLEAN],
            progress=progress.print,
        )
    except (ContenderError, ClipError, OtherError) as error:
        progress.print(f"[red]{error}", markup=True)
        return 1
    for line in skipped:
        progress.print(f"left out: {line}")
    made = report.sheets(result, conditions)
    report.show(made, console)
    for name, value in result.ms_per_frame.items():
        console.print(f"{name}: {value:.3f} ms per frame")
    if arguments.markdown:
        arguments.markdown.write_text(report.markdown(made), encoding="utf-8")
    if arguments.json:
        report.write_json(arguments.json, result, clips, skipped, " ".join(["evaluate", *map(str, sys.argv[2:])]))
    return 0


def _default_solvers() -> list[str]:
    package = default_package()
    return [*(f"{package}@{ms}" for ms in (0, 40, 80) if package), "energy", "shut", "follower"]


def _chosen(clips: list[Clip], prefixes: list[str] | None) -> list[Clip]:
    if not prefixes:
        return clips
    kept = [clip for clip in clips if clip.voice.startswith(tuple(prefixes))]
    if not kept:
        raise ClipError(
            f"no voice starts with {' or '.join(prefixes)}; there are {', '.join(sorted({c.voice for c in clips}))}"
        )
    return kept
