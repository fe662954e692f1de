"""What a VMC receiver makes of one sender's datagrams: values are collected, ``Apply`` makes them a face."""

from __future__ import annotations

import math
from typing import Final, TypeVar

from visaged.outputs.arkit import HEAD_PITCH, LEFT_EYE, RIGHT_EYE, SHAPE, camel
from visaged.outputs.livelink.packet import COUNT
from visaged.outputs.vmc.frame import APPLY, BONE, VALUE, Quaternion
from visaged.outputs.vmc.osc import Message, OscError

Kept = TypeVar("Kept")

# Names that one sender may use: ours are 52 at most.
_MAX_NAMES: Final = 512

_CURVE_OF: Final = {name: index for shape, index in SHAPE.items() for name in (shape, camel(shape))}

# A model's own vowels and blinks, as a rough face of shapes: for a person who looks at what arrives.
_JAW, _FUNNEL, _STRETCH = ("JawOpen",), ("MouthFunnel",), ("MouthStretchLeft", "MouthStretchRight")
_LEFT, _RIGHT = ("EyeBlinkLeft",), ("EyeBlinkRight",)
_PRESETS: Final[dict[str, tuple[tuple[tuple[str, ...], float], ...]]] = {
    "a": ((_JAW, 0.45),),
    "i": ((_STRETCH, 0.6),),
    "u": ((_FUNNEL, 0.7),),
    "e": ((_JAW, 0.3), (_STRETCH, 0.4)),
    "o": ((_JAW, 0.3), (_FUNNEL, 0.6)),
    "blink": ((_LEFT + _RIGHT, 1.0),),
    "blinkleft": ((_LEFT, 1.0),),
    "blinkright": ((_RIGHT, 1.0),),
    "joy": ((("MouthSmileLeft", "MouthSmileRight"), 1.0),),
}
_SAME: Final = {"aa": "a", "ih": "i", "ou": "u", "ee": "e", "oh": "o", "blink_l": "blinkleft", "blink_r": "blinkright"}


class Assembly:
    """The face of one sender."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        """By name, as sent."""
        self.bones: dict[str, Quaternion] = {}

    def add(self, message: Message) -> bool:
        """Take in a message; whether it makes what was said visible. Raises OscError for wrong arguments."""
        kinds = tuple(type(argument) for argument in message.arguments)
        if message.address == VALUE:
            if kinds != (str, float):
                raise OscError(f"{VALUE}: expected a name and a float")
            self._keep(self.values, str(message.arguments[0]), float(message.arguments[1]))
        elif message.address == BONE:
            if kinds != (str, *[float] * 7):
                raise OscError(f"{BONE}: expected a name and seven floats")
            x, y, z, w = (float(value) for value in message.arguments[4:])
            self._keep(self.bones, str(message.arguments[0]), (x, y, z, w))
        return message.address == APPLY

    def pose(self) -> tuple[float, ...]:
        """The 61 curves; what the sender does not say is 0."""
        pose = [0.0] * COUNT
        for name, value in self.values.items():
            if name in _CURVE_OF:
                pose[_CURVE_OF[name]] = value
                continue
            word = name.lower()
            for shapes, factor in _PRESETS.get(_SAME.get(word, word), ()):
                for shape in shapes:
                    pose[SHAPE[shape]] = max(pose[SHAPE[shape]], factor * value)
        for bone, first in (("Neck", HEAD_PITCH - 1), ("Head", HEAD_PITCH - 1), ("LeftEye", LEFT_EYE)):
            self._turn(pose, bone, first)
        self._turn(pose, "RightEye", RIGHT_EYE)
        return tuple(pose)

    def _turn(self, pose: list[float], bone: str, first: int) -> None:
        if bone in self.bones:
            yaw, pitch, roll = angles(self.bones[bone])
            pose[first] += yaw
            pose[first + 1] += pitch
            pose[first + 2] -= roll

    @staticmethod
    def _keep(kept: dict[str, Kept], name: str, value: Kept) -> None:
        if name in kept or len(kept) < _MAX_NAMES:
            kept[name] = value


def angles(turn: Quaternion) -> tuple[float, float, float]:
    """Yaw about Y, pitch about X, roll about Z in radians of a quaternion in Unity's order (vmc/frame.py)."""
    x, y, z, w = turn
    pitch = math.asin(min(max(2 * (w * x - y * z), -1.0), 1.0))
    yaw = math.atan2(2 * (w * y + x * z), 1 - 2 * (x * x + y * y))
    roll = math.atan2(2 * (w * z + x * y), 1 - 2 * (x * x + z * z))
    return yaw, pitch, roll
