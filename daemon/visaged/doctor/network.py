"""Live Link targets: do they resolve, is there a way to them, does somebody listen?"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Final

from visaged.config import Settings
from visaged.config.hosts import addresses
from visaged.doctor.finding import Finding, fail, ok, warn

# Long enough for the "port unreachable" of a host in the same building.
_REPLY_S: Final = 0.3


def check(settings: Settings) -> Iterator[Finding]:
    """One finding per target."""
    for target in settings.livelink.targets:
        yield _check_target(target)


def _check_target(target: str) -> Finding:
    subject = f"target {target}"
    host, _, port = target.rpartition(":")
    try:
        family, kind, protocol, _, address = addresses(host.strip("[]"), int(port))[0]
    except OSError as error:
        return fail(subject, f"does not resolve: {error.strerror}", "Check the name in livelink.targets, and the DNS")
    with socket.socket(family, kind, protocol) as probe:
        probe.settimeout(_REPLY_S)
        try:
            probe.connect(address)
            # Unreal and every other receiver drop an empty datagram; a closed port answers "unreachable".
            probe.send(b"")
            probe.recv(1)
        except TimeoutError:
            return ok(subject, f"reached as {address[0]}; no sign that nobody listens")
        except ConnectionRefusedError:
            return warn(
                subject,
                "nobody listens on that port",
                "Start Unreal with an Apple ARKit (Live Link Face) source on it, or try: visaged monitor",
            )
        except OSError as error:
            return fail(subject, f"cannot be reached: {error.strerror}", "Check the network cable, address and route")
    return ok(subject, f"{address[0]} answers")
