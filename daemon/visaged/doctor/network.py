"""Targets of every protocol: do they resolve, is there a way to them, does somebody listen? And what faces share."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Final

from visaged.config import Settings
from visaged.config.clashes import clashes
from visaged.config.hosts import addresses
from visaged.doctor.finding import Finding, fail, ok, warn
from visaged.outputs.destinations import Destination, destinations, outputs_of
from visaged.outputs.form import TITLES

# Long enough for the "port unreachable" of a host in the same building.
_REPLY_S: Final = 0.3

_START: Final = {
    "livelink": "Start Unreal; in 5.8 add the source Apple ARKit on that port by hand (the source named Live Link Face "
    "is another protocol). Or try: visaged monitor",
    "vmc": "Start the program and switch its VMC receiver on, or try: visaged monitor --protocol vmc",
    "ifacialmocap": "Start the program, or try: visaged monitor --protocol ifacialmocap",
}


def check(settings: Settings) -> Iterator[Finding]:
    """One finding per target, and one per thing that two faces of this box share."""
    for target in destinations(outputs_of(settings), settings.device.id):
        yield _check_target(target)
    for clash in clashes(settings):
        yield warn("instances", clash, "Give each face of this box its own (/etc/visaged, /etc/visaged/instances)")


def _check_target(target: Destination) -> Finding:
    subject = f"{TITLES[target.protocol]} target {target.address}"
    try:
        family, kind, protocol, _, address = addresses(target.host, target.port)[0]
    except OSError as error:
        return fail(subject, f"does not resolve: {error.strerror}", f"Check the name in {target.key}, and the DNS")
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
            return warn(subject, "nobody listens on that port", _START[target.protocol])
        except OSError as error:
            return fail(subject, f"cannot be reached: {error.strerror}", "Check the network cable, address and route")
    return ok(subject, f"{address[0]} answers")
