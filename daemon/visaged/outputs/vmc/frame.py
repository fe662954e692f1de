"""A face in VMC: the datagrams of one frame, and what a receiver makes of them. This file is its specification.

A frame is one or two bundles of at most 1,500 bytes (VMC protocol V3.1, sh-akira/VirtualMotionCaptureProtocol)::

    /VMC/Ext/OK           (i)1                            the sender is there
    /VMC/Ext/T            (f)seconds                      since its start
    /VMC/Ext/Bone/Pos     (s)name (f)p.x y z (f)q.x y z w local pose of Neck, Head, LeftEye, RightEye
    /VMC/Ext/Blend/Val    (s)name (f)0..1                 every name in every frame: a lost one heals itself
    /VMC/Ext/Blend/Apply                                  last: what was said becomes visible

Axes are Unity's: left-handed, Y up, Z forward, quaternions x y z w. So yaw to the subject's right and pitch down are
positive, as on our wire; the sign of roll is not known from Unreal's and taken as a tilt to the subject's right. The
neck takes 40 % of the head's turn. Positions are those of an average grown-up, m: receivers with a body of their own
switch them off (docs/engines.md). No numpy: the sender's process stays small.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Final

from visaged.outputs.arkit import HEAD_PITCH, HEAD_ROLL, HEAD_YAW, LEFT_EYE, RIGHT_EYE
from visaged.outputs.vmc import osc
from visaged.outputs.vmc.names import Mood, Pose, names_of, values_of

OK, TIME, BONE = "/VMC/Ext/OK", "/VMC/Ext/T", "/VMC/Ext/Bone/Pos"
VALUE, APPLY = "/VMC/Ext/Blend/Val", "/VMC/Ext/Blend/Apply"

Quaternion = tuple[float, float, float, float]
"""x y z w."""

NECK_SHARE: Final = 0.4

_BONES: Final = (
    ("Neck", (0.0, 0.24, 0.0)),
    ("Head", (0.0, 0.09, 0.01)),
    ("LeftEye", (-0.032, 0.06, 0.08)),
    ("RightEye", (0.032, 0.06, 0.08)),
)

_FLOAT: Final = struct.Struct(">f")
_QUATERNION: Final = struct.Struct(">4f")


class FrameWriter:
    """Writes a face over and over into the same bundles: what never changes is laid out once."""

    def __init__(self, names: str, *, bones: bool) -> None:
        """``names``: a set of ``names.py``; ``bones``: with head, neck and eyes."""
        self._values = values_of(names)
        packer = _Packer()
        packer.add(osc.message(OK, 1))
        self._time = packer.add(osc.message(TIME, 0.0), 4)
        self._bones = (
            [packer.add(osc.message(BONE, name, *where, 0.0, 0.0, 0.0, 1.0), 16) for name, where in _BONES]
            if bones
            else []
        )
        self._blends = [packer.add(osc.message(VALUE, name, 0.0), 4) for name in names_of(names)]
        packer.add(osc.message(APPLY))
        self.datagrams: Sequence[bytearray] = packer.datagrams
        """The frame, in order; they change with each ``write``."""

    def write(self, pose: Pose, mood: Mood, time_s: float) -> None:
        """Put in the 61 curves, the mood and the seconds since the start."""
        datagram, at = self._time
        _FLOAT.pack_into(datagram, at, time_s)
        for (datagram, at), value in zip(self._blends, self._values(pose, mood), strict=True):
            _FLOAT.pack_into(datagram, at, value)
        if self._bones:
            neck, head = head_turn(pose, NECK_SHARE), head_turn(pose, 1 - NECK_SHARE)
            turns = (neck, head, eye_turn(pose, LEFT_EYE), eye_turn(pose, RIGHT_EYE))
            for (datagram, at), turn in zip(self._bones, turns, strict=True):
                _QUATERNION.pack_into(datagram, at, *turn)


def head_turn(pose: Pose, share: float) -> Quaternion:
    """``share`` of the head's turn in Unity's axes."""
    return _turn(share * pose[HEAD_YAW], share * pose[HEAD_PITCH], -share * pose[HEAD_ROLL])


def eye_turn(pose: Pose, first: int) -> Quaternion:
    """An eyeball's turn in Unity's axes; ``first``: index of its yaw."""
    return _turn(pose[first], pose[first + 1], -pose[first + 2])


def _turn(yaw: float, pitch: float, roll: float) -> Quaternion:
    """Unity's order: roll about Z first, then pitch about X, then yaw about Y; radians."""
    cx, sx = math.cos(pitch / 2), math.sin(pitch / 2)
    cy, sy = math.cos(yaw / 2), math.sin(yaw / 2)
    cz, sz = math.cos(roll / 2), math.sin(roll / 2)
    return (
        cy * sx * cz + sy * cx * sz,
        sy * cx * cz - cy * sx * sz,
        cy * cx * sz - sy * sx * cz,
        cy * cx * cz + sy * sx * sz,
    )


class _Packer:
    """Fills bundles of at most 1,500 bytes, one after the other."""

    def __init__(self) -> None:
        self.datagrams: list[bytearray] = []

    def add(self, content: bytes, tail: int = 0) -> tuple[bytearray, int]:
        """Append a message; returns its bundle and where its last ``tail`` bytes lie in it."""
        element = osc.element(content)
        if not self.datagrams or len(self.datagrams[-1]) + len(element) > osc.MAX_BYTES:
            self.datagrams.append(bytearray(osc.BUNDLE_HEAD))
        datagram = self.datagrams[-1]
        datagram += element
        return datagram, len(datagram) - tail
