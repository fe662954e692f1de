"""``visaged codec``: sound files to codec frames and back, and a peer to talk to in frames."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from visaged.cli.codec.files import add_decode_arguments, add_encode_arguments, decode, encode
from visaged.cli.codec.peer import add_peer_arguments, peer
from visaged.config.load import ConfigError
from visaged.console import exit_codes
from visaged.console.say import complain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_encode_arguments(_action(actions, "encode", "a sound file to codec frames, 1.1 kbit/s", encode))
    add_decode_arguments(_action(actions, "decode", "codec frames to a sound file", decode))
    add_peer_arguments(_action(actions, "peer", "a peer for mode converse: says back what it hears, or a file", peer))


def run(options: argparse.Namespace) -> int:
    """Do the chosen action."""
    try:
        return int(options.function(options))
    except ConfigError as error:
        complain(error)
        return exit_codes.USAGE


def _action(
    actions: Any, name: str, summary: str, function: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + "."
    )
    action.set_defaults(function=function)
    return action
