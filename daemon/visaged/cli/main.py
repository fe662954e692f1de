"""Entry point: picks the subcommand, turns Ctrl-C and expected errors into exit codes."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Collection, Sequence
from typing import Final

from visaged import __version__
from visaged.console import exit_codes
from visaged.instance import VARIABLE, InstanceError, check_name, instance_name

# Name and one line of help; the module of that name in this package holds add_arguments() and run(). They are imported
# when chosen: `visaged --help` must not load numpy, nor `visaged monitor` onnxruntime.
COMMANDS: Final = {
    "run": "the daemon: voice in, moving face out",
    "monitor": "show the faces that arrive on a port, for people without Unreal",
    "doctor": "check devices, targets, permissions and clock, with a remedy for each fault",
    "config": "check, show or write settings",
    "capsules": "prepared expressions and lines: list, import, pack, install, play",
    "codec": "speech as tokens: sound files to frames and back, a peer to converse with",
    "models": "model packages on this box: list, verify, import, compare, build, bench",
    "send": "any command to the daemon on this machine; send COMMAND --help shows its fields",
    "record": "the live face to a file, as the iPhone app writes it",
    "calibrate": "fit the face to an avatar: its rest and how far it moves",
    "render": "a sound file to curves, faster than real time",
    "fleet": "many boxes over MQTT: list, watch, send commands, roll out changes",
}

_EPILOG: Final = "Exit codes: 0 done, 1 failed, 2 usage or settings error, 69 a needed device or service is missing, \
130 interrupted."


def make_parser(chosen: Collection[str]) -> argparse.ArgumentParser:
    """The command line, with the arguments of the ``chosen`` commands: making those imports their modules."""
    parser = argparse.ArgumentParser(
        prog="visaged",
        description="Turns a voice into a living face for Unreal Engine (Live Link Face).",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--instance",
        metavar="NAME",
        help="which face of a box with several: own settings, id, socket and ports; before or after the command",
    )
    parser.add_argument("--version", action="version", version=f"visaged {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name in chosen:
            command = importlib.import_module(f"visaged.cli.{name}")
            command.add_arguments(subparser)
            subparser.set_defaults(run=command.run)
    return parser


def _choose_instance(words: list[str]) -> list[str]:
    """``words`` without --instance NAME, which counts wherever it stands. Raises InstanceError.

    It has to be known before the commands are imported: their help shows its paths and defaults.
    """
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            return [*kept, word, *rest]
        if word == "--instance":
            os.environ[VARIABLE] = check_name(next(rest, ""))
        elif word.startswith("--instance="):
            os.environ[VARIABLE] = check_name(word.partition("=")[2])
        else:
            kept.append(word)
    instance_name()
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        words = _choose_instance(words)
    except InstanceError as error:
        print(f"visaged: {error}", file=sys.stderr)
        return exit_codes.USAGE
    chosen = next((word for word in words if not word.startswith("-")), "")
    parser = make_parser({chosen})
    options = parser.parse_args(words)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (| head): not our failure; stop Python from complaining when it flushes at exit.
        sys.stderr.close()
        return exit_codes.DONE
