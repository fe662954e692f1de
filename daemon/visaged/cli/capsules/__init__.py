"""``visaged capsules``: look at the library, make capsules and packs, verify and install them, play one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from visaged.capsules.errors import CapsuleError
from visaged.cli.capsules.importing import add_import_arguments, import_capsule
from visaged.cli.capsules.packs import (
    add_pack_arguments,
    install,
    pack,
    remove_pack,
    revoke_pack,
    unrevoke_pack,
    verify,
)
from visaged.cli.capsules.play import play
from visaged.cli.capsules.show import list_capsules, show
from visaged.cli.settings_arguments import add_settings_arguments
from visaged.config.load import ConfigError
from visaged.console import exit_codes
from visaged.console.say import complain
from visaged.signing import KEYS_DIR, KeyFileError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = _action(actions, "list", "what is installed", list_capsules)
    listing.add_argument("--prefix", default="", help="IDs that begin so: VF_")
    listing.add_argument("--tag", help="only with this tag")
    listing.add_argument("--json", action="store_true", help="one JSON object per line")
    showing = _action(actions, "show", "everything about one capsule, or a .capsule file", show)
    showing.add_argument("capsule", help="ID or file")
    add_import_arguments(
        _action(actions, "import", "make a capsule of a Live Link CSV / NPZ or a sound file", import_capsule)
    )
    add_pack_arguments(_action(actions, "pack", "put capsules and tables into a pack and sign it", pack))
    for name, summary, function in (
        ("verify", "check a pack without installing it", verify),
        ("install", "check a pack and install it", install),
    ):
        action = _action(actions, name, summary, function)
        action.add_argument("pack", type=Path)
        action.add_argument("--keys", type=Path, default=KEYS_DIR, help=f"folder of trusted keys (default {KEYS_DIR})")
        action.add_argument("--unsigned", action="store_true", help="accept a pack that no trusted key has signed")
    for name, summary, function in (
        ("revoke", "stop using a pack, or all packs of a key, at once and in future", revoke_pack),
        ("unrevoke", "use a revoked pack, or the packs of a revoked key, again", unrevoke_pack),
    ):
        action = _action(actions, name, summary, function)
        action.add_argument("pack", nargs="?", help="name or name@version; to unrevoke: as it was revoked")
        action.add_argument("--key", help="a key's .pub file, or its fingerprint (64 hex digits; verify shows it)")
    removing = _action(actions, "remove", "remove a pack, or a capsule that was imported here", remove_pack)
    removing.add_argument("name", help="name of a pack, or ID of an imported capsule")
    playing = _action(actions, "play", "show a capsule on the running daemon", play)
    playing.add_argument("cid", help="capsule or event ID")
    playing.add_argument("--weight", type=float, default=1.0, help="0-2 (default 1)")
    playing.add_argument("--delay-ms", type=int, default=0, help="start this much later, in ms, 0-60000 (default 0)")


def run(options: argparse.Namespace) -> int:
    """Do the chosen action."""
    try:
        return int(options.function(options))
    except (CapsuleError, ConfigError, KeyFileError) as error:
        complain(error)
        return exit_codes.USAGE if isinstance(error, ConfigError) else exit_codes.FAILED


def _action(
    actions: Any, name: str, summary: str, function: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:]
    )
    add_settings_arguments(action)
    action.add_argument("--library", type=Path, help="the library's folder (default: capsules.library of the settings)")
    action.set_defaults(function=function)
    return action
