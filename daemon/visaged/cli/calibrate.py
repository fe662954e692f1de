"""``visaged calibrate neutral|range``: records the live face for some seconds and fits ``face.scale`` to it."""

from __future__ import annotations

import argparse
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from visaged.config.response import CurveResponse, ResponseSetting
from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.say import complain, say

if TYPE_CHECKING:
    from visaged.control.local.client import ControlClient
    from visaged.face.calibration import ResponseChange

_SCALE: Final[TypeAdapter[dict[str, CurveResponse]]] = TypeAdapter(dict[str, ResponseSetting])
_ASK: Final = {
    "neutral": "Keep silent: the face at rest is measured",
    "range": "Speak, as at the booth: how far the mouth moves is measured",
}
_LATER_S: Final = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    helps = {
        "neutral": "the rest of the face to zero: offsets, from some seconds of silence",
        "range": "the mouth as far as a person's: gains, from some seconds of speech",
    }
    for name, text in helps.items():
        action = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        action.add_argument(
            "--seconds", type=_seconds, default=10.0, metavar="S", help="measure this long (default 10)"
        )
        action.add_argument("--yes", action="store_true", help="change the settings without asking")
        action.add_argument("--socket", type=Path, metavar="FILE", help="control socket (default: the daemon's own)")
        action.epilog = (
            "Shows what would change in face.scale and asks before it changes anything. Back to what it was: "
            'visaged send config.set \'{"settings": {"face": {"scale": {}}}}\''
        )


def run(options: argparse.Namespace) -> int:
    """Measure, show, ask, change."""
    from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon  # noqa: PLC0415
    from visaged.face.calibration import CalibrationError, applied  # noqa: PLC0415
    from visaged.recording.base import RecordingError  # noqa: PLC0415

    try:
        with ControlClient(options.socket) as client:
            scale = _SCALE.validate_python(client.call("config.get", section="face")["settings"]["face"]["scale"])
            complain(f"{_ASK[options.action]} for {options.seconds:g} s")
            changes = _measure(client, options.action, options.seconds, scale)
            if not changes:
                say("nothing to change: the face is as it should be")
                return exit_codes.DONE
            say(_table(changes, options.action))
            if not options.yes and not _agreed(len(changes)):
                say("nothing was changed")
                return exit_codes.DONE
            wanted = _SCALE.dump_python(applied(scale, changes), mode="json")
            client.call("config.set", timeout_s=_LATER_S, settings={"face": {"scale": wanted}})
    except NoDaemon as error:
        complain(error)
        return exit_codes.UNAVAILABLE
    except (CommandFailed, CalibrationError, RecordingError, OSError) as error:
        complain(f"visaged calibrate: {error}; nothing was changed")
        return exit_codes.FAILED
    say(f"{len(changes)} curves changed, in face.scale")
    return exit_codes.DONE


def _measure(
    client: ControlClient, action: str, seconds: float, scale: dict[str, CurveResponse]
) -> list[ResponseChange]:
    """A take of ``seconds``, which is removed again, and what it says."""
    from visaged.face import calibration  # noqa: PLC0415
    from visaged.recording.csv_file import read_csv  # noqa: PLC0415

    take: dict[str, Any] = client.call("record.start", seconds=seconds + 1)
    try:
        began = time.monotonic()
        with progress_bar() as report:
            while (past_s := time.monotonic() - began) < seconds:
                report(_ASK[action].partition(":")[0], past_s / seconds)
                time.sleep(0.1)
        take = client.call("record.stop")
        recording = read_csv(Path(take["file"]), Fraction(take["fps"]))
    finally:
        if take["running"]:
            client.call("record.stop")
        client.call("record.remove", name=take["name"])
    fit = calibration.neutral if action == "neutral" else calibration.movement
    return fit(recording.curves, float(recording.fps), scale)


def _table(changes: list[ResponseChange], action: str) -> str:
    """What changes, for a person."""
    what, field = ("at rest", "offset") if action == "neutral" else ("p95", "gain")
    lines = [f"{'curve':<22} {what:>8} {field + ' now':>12} {'new':>8}"]
    for change in changes:
        before, after = getattr(change.before, field), getattr(change.after, field)
        lines.append(f"{change.curve:<22} {change.measured:>8.3f} {before:>12.3f} {after:>8.3f}")
    return "\n".join(lines)


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        complain("--yes changes the settings where nobody can be asked")
        return False
    return input(f"ResponseChange these {count} curves in face.scale? [y/N] ").strip().lower() in ("y", "yes")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 5 <= seconds <= 120:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of seconds from 5 to 120")
    return seconds
