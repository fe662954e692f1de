"""A face drawn from its curves in Braille dots: what a person sees moving at a glance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from visaged.curves import INDEX

WIDTH: Final = 24
"""Characters per line; a character is 2 x 4 dots."""
HEIGHT: Final = 13
"""Lines."""

# Unicode Braille patterns: the bit of each dot, by row and column within a character.
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BRAILLE: Final = 0x2800

# Proportions in dots around the middle of the picture.
_MIDDLE_X: Final = WIDTH * 2 / 2
_MIDDLE_Y: Final = HEIGHT * 4 / 2
_EYE_X: Final = 10.0
_EYE_Y: Final = -7.0
_MOUTH_Y: Final = 12.0
# Dots that the features wander across the head at an angle of 1.
_YAW_DOTS: Final = 9.0
_PITCH_DOTS: Final = 8.0


def draw_face(curves: Sequence[float]) -> list[str]:
    """HEIGHT lines of WIDTH characters for one pose [61]; it faces the viewer."""
    return _Picture(curves).lines()


class _Picture:
    def __init__(self, curves: Sequence[float]) -> None:
        self._curves = curves
        self._cells = [[0] * WIDTH for _ in range(HEIGHT)]
        roll = self._value("HeadRoll") * 0.6
        self._cosine, self._sine = math.cos(roll), math.sin(roll)
        self._shift_x = self._value("HeadYaw") * _YAW_DOTS
        self._shift_y = self._value("HeadPitch") * _PITCH_DOTS
        self._outline()
        # Facing the viewer, the face's left is on the right.
        for side, sign in (("Left", 1), ("Right", -1)):
            self._eye(side, sign)
            self._brow(side, sign)
        self._mouth()

    def lines(self) -> list[str]:
        return ["".join(chr(_BRAILLE + cell) for cell in row) for row in self._cells]

    def _value(self, name: str) -> float:
        return self._curves[INDEX[name]]

    def _dot(self, x: float, y: float) -> None:
        """A dot at (x, y) from the middle of the head, which may be tilted."""
        column = round(_MIDDLE_X + x * self._cosine - y * self._sine)
        row = round(_MIDDLE_Y + x * self._sine + y * self._cosine)
        if 0 <= column < 2 * WIDTH and 0 <= row < 4 * HEIGHT:
            self._cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]

    def _feature(self, x: float, y: float) -> None:
        """A dot of something that moves across the head as it turns."""
        self._dot(x + self._shift_x, y + self._shift_y)

    def _outline(self) -> None:
        jaw = self._value("JawOpen")
        for step in range(180):
            angle = step * math.tau / 180
            down = math.sin(angle)
            self._dot(21 * math.cos(angle), (22 + 2.5 * jaw if down > 0 else 24) * down)

    def _eye(self, side: str, sign: int) -> None:
        blink, wide = self._value(f"EyeBlink{side}"), self._value(f"EyeWide{side}")
        squint = self._value(f"EyeSquint{side}")
        upper = max(4.0 * (1 - blink) + 1.5 * wide, 0.0)
        lower = max(2.5 * (1 - blink) * (1 - 0.5 * squint), 0.0)
        for step in range(-12, 13):
            x = step / 2
            arch = math.sqrt(max(1 - (x / 6) ** 2, 0))
            self._feature(sign * _EYE_X + x, _EYE_Y - upper * arch)
            self._feature(sign * _EYE_X + x, _EYE_Y + lower * arch)
        if blink > 0.7:
            return
        # Looking in is towards the nose.
        across = sign * (self._value(f"EyeLookOut{side}") - self._value(f"EyeLookIn{side}"))
        down = self._value(f"EyeLookDown{side}") - self._value(f"EyeLookUp{side}")
        for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
            self._feature(sign * _EYE_X + 4 * across + x - 0.5, _EYE_Y + 2.5 * down + y - 1)

    def _brow(self, side: str, sign: int) -> None:
        down = self._value(f"BrowDown{side}")
        inner = self._value("BrowInnerUp") - down
        outer = self._value(f"BrowOuterUp{side}") - 0.5 * down
        for step in range(17):
            share = step / 16  # from the nose outwards
            lift = 4 * (inner * (1 - share) + outer * share) + 1.5 * math.sin(math.pi * share)
            self._feature(sign * (_EYE_X - 6 + 13 * share), _EYE_Y - 8 - lift)

    def _mouth(self) -> None:
        value = self._value
        narrow = max(value("MouthPucker"), 0.7 * value("MouthFunnel"))
        opening = max(value("JawOpen") - value("MouthClose"), 0.0)
        upper = 1.5 * opening + 2 * (value("MouthUpperUpLeft") + value("MouthUpperUpRight")) / 2 + value("MouthFunnel")
        lower = 8 * opening + 2 * (value("MouthLowerDownLeft") + value("MouthLowerDownRight")) / 2
        lower += value("MouthFunnel")
        for side, sign in (("Left", 1), ("Right", -1)):
            wide = 0.3 * value(f"MouthStretch{side}") + 0.3 * value(f"MouthSmile{side}")
            half = 9 * (1 - 0.55 * narrow) * (1 + wide)
            raised = 4 * (value(f"MouthSmile{side}") - value(f"MouthFrown{side}"))
            for step in range(25):
                share = step / 24  # from the middle to the corner
                arch = math.sqrt(1 - share**2)
                y = _MOUTH_Y - raised * share**2
                self._feature(sign * half * share, y - upper * arch)
                self._feature(sign * half * share, y + lower * arch)
