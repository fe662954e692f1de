"""``visaged capsules play``: over the control socket of the daemon on this machine."""

from __future__ import annotations

import argparse
from typing import Final

from visaged.console import exit_codes
from visaged.console.say import complain, say

_STATES: Final = {
    "cached": "shown now",
    "loading": "shown as soon as it is loaded",
    "unknown": "not installed, its fallback is shown",
}


def play(options: argparse.Namespace) -> int:
    """Ask for it; exit code 1 when it is not installed, 69 when no daemon runs."""
    from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon  # noqa: PLC0415

    try:
        with ControlClient() as client:
            data = client.call("capsule.play", cid=options.cid, weight=options.weight, delay_ms=options.delay_ms)
    except NoDaemon as error:
        complain(error)
        return exit_codes.UNAVAILABLE
    except CommandFailed as error:
        complain(error)
        return exit_codes.FAILED
    for played in data["played"]:
        say(f"{played['cid']}: {_STATES[played['state']]}, ticket {played['ticket']}")
    unknown = any(played["state"] == "unknown" for played in data["played"])
    return exit_codes.FAILED if unknown else exit_codes.DONE
