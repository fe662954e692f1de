"""Datagrams of any of our protocols as Live Link packets, so that one monitor shows them all. For receivers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from visaged.outputs.arkit import HEAD_PITCH, LEFT_EYE, RIGHT_EYE, SHAPE
from visaged.outputs.form import Protocol
from visaged.outputs.ifacialmocap import frame as ifacialmocap
from visaged.outputs.livelink.packet import COUNT, VERSION, LiveLinkPacket, PacketError, decode
from visaged.outputs.vmc.assembly import Assembly
from visaged.outputs.vmc.osc import OscError
from visaged.outputs.vmc.osc import decode as decode_osc

NO_RATE: Final = Fraction(0)
"""Rate of a packet whose protocol says neither rate nor time."""

_MAX_SENDERS: Final = 64
_CURVES_OF: Final = {name: SHAPE[shape] for shape, name in zip(SHAPE, ifacialmocap.NAMES, strict=True)}


def protocol_of(datagram: bytes) -> Protocol:
    """What a datagram looks like; Live Link where it looks like nothing."""
    if datagram[:1] == bytes([VERSION]):
        return "livelink"
    if datagram.startswith((b"#bundle\0", b"/")):
        return "vmc"
    return "ifacialmocap" if b"|" in datagram[:128] else "livelink"


class Translator:
    """Keeps of each VMC sender what it has said so far."""

    def __init__(self, protocol: Protocol | None = None) -> None:
        """``protocol``: the only one that is understood; None: whichever a datagram looks like."""
        self._protocol = protocol
        self._assemblies: dict[str, Assembly] = {}

    def packets(self, datagram: bytes, sender: str) -> list[LiveLinkPacket]:
        """The faces that ``datagram`` of address ``sender`` makes visible. Raises PacketError, NoFace."""
        protocol = self._protocol or protocol_of(datagram)
        try:
            if protocol == "vmc":
                return self._vmc(datagram, sender)
            if protocol == "ifacialmocap":
                return [_ifacialmocap(datagram, sender)]
        except (OscError, ifacialmocap.IFacialMocapError) as error:
            raise PacketError(str(error)) from None
        return [decode(datagram)]

    def _vmc(self, datagram: bytes, sender: str) -> list[LiveLinkPacket]:
        messages = decode_osc(datagram)
        if sender not in self._assemblies and len(self._assemblies) >= _MAX_SENDERS:
            # Forged addresses cost those who were first their half-said face, and nothing else.
            del self._assemblies[next(iter(self._assemblies))]
        assembly = self._assemblies.setdefault(sender, Assembly())
        shown = [assembly.pose() for message in messages if assembly.add(message)]
        return [_packet("VMC", sender, pose) for pose in shown[-1:]]


def _ifacialmocap(datagram: bytes, sender: str) -> LiveLinkPacket:
    frame = ifacialmocap.decode(datagram)
    pose = [0.0] * COUNT
    for name, value in frame.shapes.items():
        if name in _CURVES_OF:
            pose[_CURVES_OF[name]] = value
    turns = ((HEAD_PITCH - 1, frame.head), (LEFT_EYE, frame.left_eye), (RIGHT_EYE, frame.right_eye))
    for first, (down, right, roll, *_) in turns:
        pose[first : first + 3] = math.radians(right), math.radians(down), -math.radians(roll)
    return _packet("iFacialMocap", sender, tuple(pose))


def _packet(kind: str, sender: str, pose: tuple[float, ...]) -> LiveLinkPacket:
    return LiveLinkPacket(f"{kind} from {sender}", kind, 0, 0.0, NO_RATE, pose)
