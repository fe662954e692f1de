"""The sub-commands of ``visaged fleet`` and their options."""

from __future__ import annotations

import argparse
from typing import Final

from visaged.cli.broker_arguments import add_broker_arguments
from visaged.control.protocol.commands import COMMANDS

_DAY_S: Final = 86_400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and the options for the broker."""
    add_broker_arguments(parser)
    commands = parser.add_subparsers(dest="fleet_command", required=True, metavar="COMMAND")
    ls = commands.add_parser("ls", help="list the boxes and how they are")
    ls.add_argument("--json", action="store_true", help="for machines: one JSON object per line")
    watch = commands.add_parser("watch", help="the same, live, until Ctrl-C")
    watch.add_argument("--seconds", type=_seconds, help="end after this time")
    send = commands.add_parser("send", help="send one command and show the answers, and who did not answer")
    send.add_argument("name", metavar="COMMAND", choices=sorted(COMMANDS), help="such as ping or capsule.play")
    send.add_argument("fields", nargs="?", default="{}", help='JSON: \'{"cid": "VF_BROW_FLASH"}\'')
    send.add_argument("--timeout", type=_seconds, metavar="S", help="wait this long (default: 5, slow commands 120)")
    send.add_argument("--json", action="store_true", help="for machines: one JSON object per answer")
    rollout = commands.add_parser("rollout", help="change boxes in waves; undo everything when a wave gets worse")
    rollout.add_argument("--waves", default="1,10%,100%", help="cumulative counts or shares (default: 1,10%%,100%%)")
    rollout.add_argument(
        "--settle", type=_seconds, default=15.0, metavar="S", help="let a change settle so long first (default: 15)"
    )
    rollout.add_argument(
        "--soak", type=_seconds, default=60.0, metavar="S", help="then watch each wave so long (default: 60)"
    )
    what = rollout.add_mutually_exclusive_group(required=True)
    what.add_argument("--set", action="append", metavar="KEY=VALUE", help="settings: face.intensity=0.9")
    what.add_argument("--pack", nargs=2, metavar=("URL", "SHA256"), help="capsule pack")
    what.add_argument("--model", metavar="NAME[@VERSION]", help="model package")
    rollout.add_argument("--model-from", nargs=2, metavar=("URL", "SHA256"), help="install the model from here first")
    rollout.add_argument("--previous", nargs=2, metavar=("URL", "SHA256"), help="pack to go back to")
    forget = commands.add_parser("forget", help="remove boxes that are gone from broker and Home Assistant")
    forget.add_argument("ids", nargs="+", metavar="BOX")
    for command in (send, rollout):
        to = command.add_mutually_exclusive_group(required=True)
        to.add_argument("--to", nargs="+", metavar="BOX", help="these boxes")
        to.add_argument("--group", help="every box of the group")
        to.add_argument("--all", action="store_true", help="every box")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _DAY_S:
        raise argparse.ArgumentTypeError(f"{text!r}: expected seconds, 0 to {_DAY_S}")
    return seconds
