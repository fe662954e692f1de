"""``visaged record``: the live face to a file, as the iPhone app writes it, until Ctrl-C or for some seconds."""

from __future__ import annotations

import argparse
import contextlib
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.say import complain, say
from visaged.control.protocol.commands.recording import LONGEST_S

if TYPE_CHECKING:
    from visaged.control.local.client import ControlClient

_LOOK_S: Final = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("output", type=Path, metavar="OUT", help="file to write: .csv (Live Link Face app) or .npz")
    parser.add_argument(
        "--seconds", type=_seconds, metavar="S", help=f"stop after S seconds (default: at Ctrl-C, {LONGEST_S} at most)"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--socket", type=Path, metavar="FILE", help="control socket (default: the daemon's own)")
    parser.epilog = (
        "The daemon of this machine records; from afar, or for later, use the commands record.start and record.stop. "
        "The file goes back in with: visaged capsules import OUT"
    )


def run(options: argparse.Namespace) -> int:
    """Start a take, wait, end it, and move it to where it is wanted."""
    from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon  # noqa: PLC0415
    from visaged.recording.base import RecordingError  # noqa: PLC0415

    output: Path = options.output
    if fault := _fault(output, force=options.force):
        complain(f"visaged record: {fault}")
        return exit_codes.USAGE
    try:
        with ControlClient(options.socket) as client:
            take = client.call("record.start", seconds=options.seconds or LONGEST_S)
            with contextlib.suppress(KeyboardInterrupt):
                _wait(client, take["name"], options.seconds)
            take = _end(client, take["name"])
            _fetch(take, output)
            client.call("record.remove", name=take["name"])
    except NoDaemon as error:
        complain(error)
        return exit_codes.UNAVAILABLE
    except CommandFailed as error:
        complain(error)
        return exit_codes.FAILED
    except (RecordingError, OSError) as error:
        complain(f"visaged record: the take is in {take['file']}, but cannot be written to {output}: {error}")
        return exit_codes.FAILED
    lost = f", {take['lost']} frames lost" if take["lost"] else ""
    say(f"{output}: {take['frames']} frames, {take['seconds']:.1f} s{lost}")
    if take["problem"]:
        complain(f"visaged record: it ended early, {take['problem']}")
        return exit_codes.FAILED
    return exit_codes.DONE


def _fault(output: Path, *, force: bool) -> str | None:
    """Why it cannot be written, before anything is recorded."""
    from visaged.recording.files import FORMATS  # noqa: PLC0415

    if output.suffix.lower() not in FORMATS:
        return f"'{output.name}' is neither {' nor '.join(FORMATS)}"
    if output.exists() and not force:
        return f"{output} is there already; choose another name, or --force"
    return None if output.parent.is_dir() else f"there is no folder {output.parent}"


def _wait(client: ControlClient, name: str, seconds: float | None) -> None:
    """Until the time is over, or something ended it."""
    began = time.monotonic()
    if seconds is None:
        complain("recording; Ctrl-C ends it")
    with progress_bar() as report:
        while seconds is None or time.monotonic() - began < seconds:
            time.sleep(_LOOK_S)
            past_s = time.monotonic() - began
            report(f"recording {past_s:.0f} s", past_s / seconds if seconds else 0.0)
            if not _state(client, name)["running"]:
                return
    while _state(client, name)["running"] and time.monotonic() - began < (seconds or 0) + 2:
        time.sleep(_LOOK_S)


def _end(client: ControlClient, name: str) -> dict[str, Any]:
    state = _state(client, name)
    return client.call("record.stop") if state["running"] else state


def _state(client: ControlClient, name: str) -> dict[str, Any]:
    takes: list[dict[str, Any]] = client.call("record.list")["takes"]
    return next(take for take in takes if take["name"] == name)


def _fetch(take: dict[str, Any], output: Path) -> None:
    """Read the take and write it where it is wanted, whole or not at all. Raises RecordingError, OSError."""
    from visaged.recording import files  # noqa: PLC0415

    files.write(output, files.read(Path(take["file"]), Fraction(take["fps"])))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of seconds from 0.1 to {LONGEST_S}")
    return seconds
