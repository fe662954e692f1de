"""``visaged send``: any command to the daemon of this machine, over its control socket."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visaged.cli.send.fields import help_of
from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.say import complain, say
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.parse import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    from visaged.control.local.client import CommandFailed

# Of an answer that must still come when the work is done.
_GRACE_S: Final = 10.0
_QUICK_S: Final = 5.0
# The fault is in what was typed.
_USAGE: Final = ("malformed", "too_large", "unknown_command", "invalid")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add every command of the protocol as an action, with its fields in the help."""
    parser.epilog = (
        "The answer is printed as JSON. Exit codes: 0 done, 1 not carried out, 2 a field is wrong, 69 no daemon runs "
        "or it lacks what the command takes."
    )
    actions = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")
    for command in COMMANDS.values():
        # argparse takes a percent sign for a place to fill in.
        summary = command.summary.replace("%", "%%")
        action = actions.add_parser(
            command.name,
            help=summary,
            description=summary,
            epilog=help_of(command).replace("%", "%%"),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        action.add_argument("fields", nargs="?", default="{}", metavar="JSON", help="fields as JSON; - reads them")
        action.add_argument("--socket", type=Path, metavar="FILE", help="control socket (default: the daemon's own)")


def run(options: argparse.Namespace) -> int:
    """Send it, show how far it is, print the answer."""
    from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon  # noqa: PLC0415

    text = sys.stdin.read(MAX_PAYLOAD_BYTES + 1) if options.fields == "-" else options.fields
    try:
        fields = _object(text)
    except ValueError as error:
        complain(f"visaged send: {error}; expected the fields as JSON: {COMMANDS[options.name].example}")
        return exit_codes.USAGE
    patience_s = getattr(COMMANDS[options.name], "patience_s", None)
    timeout_s = _QUICK_S if patience_s is None else patience_s + _GRACE_S
    try:
        with progress_bar() as report, ControlClient(options.socket) as client:
            data = client.call(
                options.name,
                timeout_s=timeout_s,
                on_progress=lambda doing, percent: report(doing, (percent or 0.0) / 100),
                **fields,
            )
    except NoDaemon as error:
        complain(error)
        return exit_codes.UNAVAILABLE
    except CommandFailed as error:
        complain(error)
        return _exit_code(error)
    say(json.dumps(data, indent=2, ensure_ascii=False))
    return exit_codes.DONE


def _object(text: str) -> dict[str, Any]:
    """The fields in ``text``. Raises ValueError. What is in them the daemon judges."""
    if len(text) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"the fields are over {MAX_PAYLOAD_BYTES} characters")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON ({error})") from None
    if not isinstance(fields, dict):
        raise ValueError(f"this is JSON, but no object: {text[:40]}")
    if reserved := fields.keys() & {"command", "progress", "timeout_s", "on_progress"}:
        raise ValueError(f"'{min(reserved)}' is not a field of this command")
    return fields


def _exit_code(error: CommandFailed) -> int:
    if error.error.code in _USAGE:
        return exit_codes.USAGE
    return exit_codes.UNAVAILABLE if error.error.code == "unavailable" else exit_codes.FAILED
