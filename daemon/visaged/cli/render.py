"""``visaged render``: a sound file to a Live Link Face CSV or an NPZ."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from visaged.cli.settings_arguments import add_settings_arguments
from visaged.config.load import ConfigError, find_file, load
from visaged.console import exit_codes
from visaged.console.say import complain
from visaged.printable import NAME, printable

if TYPE_CHECKING:
    from visaged.audio.file_reader import FileReader
    from visaged.config import Settings
    from visaged.recording import Recording


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to render, and how."""
    parser.epilog = (
        "The result is that of a live run with the same settings and seed, without capsules. The frame rate is "
        "livelink.fps. CSV is the format of the Live Link Face app; NPZ holds curves [frames, 61], fps and names."
    )
    parser.add_argument(
        "input", type=Path, metavar="IN", help="sound file: WAV, FLAC, OGG or MP3 (docs/files.md); - is standard input"
    )
    parser.add_argument("output", type=Path, metavar="OUT", help="file to write: .csv or .npz")
    add_settings_arguments(parser)
    parser.add_argument("--solver", metavar="NAME", help="what turns the voice into curves: see face.solver")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of model packages, searched before others")
    parser.add_argument(
        "--compat",
        action="store_true",
        help="with --solver neurosync: the original NeuroSync pipeline's own numbers, at 60 fps, without idle life",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the idle life (default: animation.seed, else 0)")
    parser.add_argument("--speech-only", action="store_true", help="the voice's movement alone: no blinks, no gaze")


def overrides_of(options: argparse.Namespace) -> list[str]:
    """The shorthand options as --set items; --set itself comes last and wins."""
    items = []
    if options.solver is not None:
        items.append(f"face.solver={json.dumps(options.solver)}")
    if options.seed is not None:
        items.append(f"animation.seed={options.seed}")
    if options.speech_only:
        items.append("animation.idle=false")
    return [*items, *options.set]


def run(options: argparse.Namespace) -> int:
    """Render; the output appears when it is complete."""
    try:
        overrides = overrides_of(options)
        settings = load(find_file(options.config), overrides)
        if settings.animation.seed is None:
            # The same file twice gives the same face twice.
            settings = load(find_file(options.config), [*overrides, "animation.seed=0"])
    except ConfigError as error:
        complain(error)
        return exit_codes.USAGE
    # After the settings and the arguments have been checked: these take half a second to import.
    from visaged.recording import FORMATS, RecordingError, write  # noqa: PLC0415

    misused = None
    if options.compat and settings.face.solver != "neurosync":
        misused = f"--compat is about neurosync, the solver is '{settings.face.solver}'; add --solver neurosync"
    elif options.output.suffix.lower() not in FORMATS:
        misused = f"OUT is '{options.output}', expected a name in {' or '.join(FORMATS)}"
    if misused:
        print(f"visaged render: {misused}", file=sys.stderr)
        return exit_codes.USAGE
    if not options.output.parent.is_dir():
        print(f"visaged render: there is no folder '{options.output.parent}'; make it first", file=sys.stderr)
        return exit_codes.FAILED
    began_s = time.monotonic()
    try:
        recording = _render(options.input, settings, options)
        write(options.output, recording)
    except _expected_errors() as error:
        remedy = getattr(error, "remedy", "")
        complain(f"visaged render: {error}{'. ' + remedy if remedy else ''}")
        return exit_codes.FAILED
    except (RecordingError, OSError) as error:
        print(f"visaged render: '{options.output}' cannot be written: {error}", file=sys.stderr)
        return exit_codes.FAILED
    took_s = time.monotonic() - began_s
    print(
        f"{options.output}: {len(recording.curves)} frames at {float(recording.fps):g} fps, "
        f"{recording.duration_s:.1f} s in {took_s:.1f} s ({times(recording.duration_s / took_s)} x real time)"
    )
    return exit_codes.DONE


def times(factor: float) -> str:
    """How many times: two figures where one would round much, such as 0.72 or 7.2, and no fraction above 10."""
    return f"{factor:.0f}" if factor >= 10 else f"{factor:.2g}"


def _expected_errors() -> tuple[type[Exception], ...]:
    from visaged.audio.errors import FileUnusable  # noqa: PLC0415
    from visaged.inference.errors import SessionError  # noqa: PLC0415
    from visaged.render.offline import OfflineError  # noqa: PLC0415

    return FileUnusable, OfflineError, SessionError


def _render(path: Path, settings: Settings, options: argparse.Namespace) -> Recording:
    from visaged.audio.file_reader import opened  # noqa: PLC0415

    # Opened once: a pipe cannot be read again.
    with opened(path, settings.audio.input.gain_db) as reader:
        try:
            return _render_opened(reader, settings, options)
        finally:
            for notice in reader.notices:
                complain(f"visaged render: {notice}")


def _render_opened(reader: FileReader, settings: Settings, options: argparse.Namespace) -> Recording:
    from visaged.inference.find import search_roots  # noqa: PLC0415
    from visaged.render.offline import render  # noqa: PLC0415
    from visaged.render.original_neurosync import render_compat  # noqa: PLC0415

    work, roots = render_compat if options.compat else render, search_roots(options.models)
    if not sys.stderr.isatty():
        return work(reader, settings, roots)
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(printable(reader.path.name, NAME), total=reader.duration_s)
        return work(reader, settings, roots, lambda done_s: bar.update(task, completed=done_s))
