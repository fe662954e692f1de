"""A face drawn from its 61 curves with Pillow, for pictures in the documentation. It faces the viewer.

Lengths are in half widths of the face, the origin lies between the eyes' line and the mouth, y grows downwards. The
face's left is on the right of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from PIL import Image, ImageDraw

from visaged.curves import INDEX

Point = tuple[float, float]
Colour = tuple[int, int, int]

_SKIN: Final = (238, 205, 178)
_SHADE: Final = (214, 172, 143)
_LINE: Final = (92, 60, 48)
_HAIR: Final = (74, 54, 48)
_LIP: Final = (196, 104, 98)
_INSIDE: Final = (96, 34, 38)
_TONGUE: Final = (214, 110, 112)
_WHITE: Final = (252, 252, 250)
_IRIS: Final = (72, 108, 132)
_STEPS: Final = 24


def draw_face(image: Image.Image, centre: Point, size: float, curves: Sequence[float]) -> None:
    """Draw the face with these curves [61] around ``centre``; ``size`` is half its width in pixels."""
    _Face(image, centre, size, curves).draw()


class _Face:
    def __init__(self, image: Image.Image, centre: Point, size: float, curves: Sequence[float]) -> None:
        self.image = image
        self.paper = ImageDraw.Draw(image)
        self.centre, self.size, self.curves = centre, size, curves
        roll = -self.value("HeadRoll")
        self.cosine, self.sine = math.cos(roll), math.sin(roll)
        # Features wander across the head as it turns; the subject's right is the picture's left.
        self.shift = (-0.75 * self.value("HeadYaw"), 0.75 * self.value("HeadPitch"))
        self.jaw = max(self.value("JawOpen") - 0.8 * self.value("MouthClose"), 0.0)

    def value(self, name: str) -> float:
        return float(self.curves[INDEX[name]])

    def side(self, name: str, sign: int) -> float:
        """The value of a pair's curve on the picture's right (sign 1: the face's left) or left (-1)."""
        return self.value(name + ("Left" if sign > 0 else "Right"))

    def at(self, x: float, y: float, depth: float = 1.0) -> Point:
        """Pixels of a point; ``depth`` 0 for the outline, which does not wander."""
        x, y = x + self.shift[0] * depth, y + self.shift[1] * depth
        return (
            self.centre[0] + self.size * (x * self.cosine - y * self.sine),
            self.centre[1] + self.size * (x * self.sine + y * self.cosine),
        )

    def line(self, points: Sequence[Point], colour: Colour, width: float, depth: float = 1.0) -> None:
        pixels = [self.at(x, y, depth) for x, y in points]
        thick = max(round(width * self.size), 1)
        self.paper.line(pixels, fill=colour, width=thick, joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            r = thick / 2
            self.paper.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def fill(self, points: Sequence[Point], colour: Colour, depth: float = 1.0) -> None:
        self.paper.polygon([self.at(x, y, depth) for x, y in points], fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        px, py = self.at(x, y)
        r = radius * self.size
        self.paper.ellipse((px - r, py - r, px + r, py + r), fill=colour)

    def draw(self) -> None:
        self.head()
        for sign in (1, -1):
            self.cheek(sign)
            self.eye(sign)
            self.brow(sign)
        self.nose()
        self.mouth()

    def head(self) -> None:
        puff = 0.10 * self.value("CheekPuff")
        bottom = 1.06 + 0.24 * self.jaw

        def outline(scale: float, top: float) -> list[Point]:
            points = []
            for step in range(4 * _STEPS):
                angle = 2 * math.pi * step / (4 * _STEPS)
                x, y = math.cos(angle), math.sin(angle)
                if y > 0:
                    x *= 1 - 0.24 * y * y + puff * math.sin(math.pi * min(y * 1.3, 1))
                    y *= bottom
                else:
                    y *= top
                points.append((0.84 * scale * x, y * scale))
            return points

        for sign in (1, -1):
            ear = [(sign * (0.84 + 0.09 * math.cos(t)), 0.02 + 0.19 * math.sin(t)) for t in _turn()]
            self.fill(ear, _SHADE, 0.0)
        self.fill([(x, y - 0.04) for x, y in outline(1.06, 1.10) if y < 0.1], _HAIR, 0.0)
        self.fill(outline(1.0, 1.02), _SKIN, 0.0)
        # Wider than the head: it wanders a little with the face and must leave no gap behind.
        crown = [(x, y) for x, y in outline(1.04, 1.08) if y < -0.3]
        self.fill(crown + _arc((0.80, -0.34), (0.0, -0.92), (-0.80, -0.34)), _HAIR, 0.25)

    def brow(self, sign: int) -> None:
        down, outer, inner = self.side("BrowDown", sign), self.side("BrowOuterUp", sign), self.value("BrowInnerUp")
        start = (sign * (0.17 - 0.05 * down + 0.01 * inner), -0.33 - 0.17 * inner + 0.13 * down - 0.04 * outer)
        middle = (sign * 0.42, -0.46 - 0.06 * inner - 0.17 * outer + 0.10 * down)
        end = (sign * 0.66, -0.32 - 0.12 * outer + 0.02 * down)
        self.line(_arc(start, middle, end), _HAIR, 0.075)

    def eye(self, sign: int) -> None:
        x, y = sign * 0.40, -0.08
        squint, wide = self.side("EyeSquint", sign), self.side("EyeWide", sign)
        blink = min(self.side("EyeBlink", sign), 1.0)
        top = -(0.125 + 0.07 * wide - 0.03 * squint)
        bottom = 0.085 - 0.075 * squint - 0.02 * self.side("CheekSquint", sign) + 0.015 * wide
        top += (bottom - top) * 0.97 * blink
        inner, outer = (x - sign * 0.20, y + 0.015), (x + sign * 0.20, y - 0.01)
        # A quadratic curve passes half way to its middle point, hence the doubling.
        upper = _arc(inner, (x, y + 2 * top), outer)
        lower = _arc(inner, (x, y + 2 * bottom), outer)
        self.clipped(upper + lower[::-1], lambda face: face.eyeball(sign, x, y))
        self.line(upper, _LINE, 0.042)
        self.line(lower, _SHADE, 0.022)
        if squint > 0.25:
            self.line(_arc((x - 0.13, y + 0.17), (x, y + 0.20 - 0.05 * squint), (x + 0.13, y + 0.17)), _SHADE, 0.02)

    def eyeball(self, sign: int, x: float, y: float) -> None:
        self.disc(x, y, 0.5, _WHITE)
        right = self.side("EyeLookOut", sign) - self.side("EyeLookIn", sign)
        x += sign * 0.22 * right
        y += 0.16 * (self.side("EyeLookDown", sign) - self.side("EyeLookUp", sign)) - 0.01
        self.disc(x, y, 0.105, _IRIS)
        self.disc(x, y, 0.05, (24, 28, 34))
        self.disc(x + 0.035, y - 0.04, 0.022, _WHITE)

    def cheek(self, sign: int) -> None:
        raised, puffed = self.side("CheekSquint", sign), self.value("CheekPuff")
        strength = min(0.75 * raised + 0.8 * puffed, 1.0)
        blush = tuple(round(s + (c - s) * 0.55 * strength) for s, c in zip(_SKIN, (226, 140, 120), strict=True))
        if strength > 0.05:
            self.disc(sign * 0.50, 0.27 - 0.05 * raised, 0.15 + 0.04 * puffed, (blush[0], blush[1], blush[2]))
        fold = self.side("MouthSmile", sign) + 0.8 * self.side("NoseSneer", sign)
        if fold > 0.25:
            self.line(_arc((sign * 0.17, 0.22), (sign * 0.36, 0.28), (sign * 0.43, 0.46)), _SHADE, 0.026)

    def nose(self) -> None:
        for sign in (1, -1):
            sneer = self.side("NoseSneer", sign)
            y = 0.24 - 0.06 * sneer
            self.line(_arc((sign * 0.035, y + 0.03), (sign * 0.10, y + 0.06), (sign * 0.135, y - 0.02)), _LINE, 0.026)
            if sneer > 0.15:
                self.line([(sign * 0.06, -0.02), (sign * 0.13, 0.05)], _SHADE, 0.026)
                self.line([(sign * 0.05, 0.05), (sign * 0.12, 0.11)], _SHADE, 0.026)

    def mouth(self) -> None:
        x = 0.14 * (self.value("MouthLeft") - self.value("MouthRight"))
        x += 0.08 * (self.value("JawLeft") - self.value("JawRight"))
        narrow = 0.55 * self.value("MouthPucker") + 0.30 * self.value("MouthFunnel")
        corners = [self.corner(sign, x, narrow) for sign in (-1, 1)]
        y = (corners[0][1] + corners[1][1]) / 2 * 0.35 + 0.52 * 0.65
        pull = [(self.side("MouthUpperUp", s), self.side("MouthLowerDown", s)) for s in (-1, 1)]
        raised, lowered = (sum(p[0] for p in pull) / 2, sum(p[1] for p in pull) / 2)
        roll_up, roll_down = self.value("MouthRollUpper"), self.value("MouthRollLower")
        press = (self.side("MouthPress", 1) + self.side("MouthPress", -1)) / 2
        shrug = self.value("MouthShrugLower")
        pout = self.value("MouthPucker") + 0.7 * self.value("MouthFunnel")
        upper = (0.060 + 0.05 * pout) * max(1 - 0.55 * press - 1.0 * roll_up, 0.12)
        lower = (0.085 + 0.05 * pout + 0.03 * shrug) * max(1 - 0.5 * press - 1.1 * roll_down, 0.12)
        inner_top = y - 0.10 * raised - 0.05 * self.value("MouthShrugUpper") - 0.03 * shrug
        inner_bottom = y + 0.44 * self.jaw + 0.11 * lowered + 0.05 * self.value("MouthFunnel") - 0.05 * shrug
        inner_bottom = max(inner_bottom, inner_top)
        smile = (self.side("MouthSmile", 1) + self.side("MouthSmile", -1)) / 2
        # A smile pulls the upper lip flat.
        bow = 0.03 * (1 - smile)
        left, right = corners
        top_inner = _through(left, (x, inner_top), right)
        bottom_inner = _through(left, (x, inner_bottom), right)
        top_outer = _through(left, (x, inner_top - upper - bow * 0.4), right)
        bottom_outer = _through(left, (x, inner_bottom + lower), right)
        self.fill(top_outer + bottom_outer[::-1], _LIP)
        if inner_bottom - inner_top > 0.02:
            inside = top_inner + bottom_inner[::-1]
            self.clipped(inside, lambda face: face.inside(x, inner_top, inner_bottom, raised, lowered))
        else:
            self.line(top_inner, _INSIDE, 0.024)
        if self.value("TongueOut") > 0.1:
            out = self.value("TongueOut")
            tongue = [(x + 0.13 * math.cos(t), inner_bottom + 0.02 + 0.22 * out * math.sin(t)) for t in _turn(0.5)]
            self.fill(tongue, _TONGUE)
        for sign, (cx, cy) in zip((-1, 1), corners, strict=True):
            dimple = self.side("MouthDimple", sign)
            if dimple > 0.1:
                self.line([(cx + sign * 0.03, cy - 0.04), (cx + sign * 0.045, cy + 0.04)], _LINE, 0.012 + 0.03 * dimple)
        if shrug > 0.2:
            chin = 0.80 + 0.2 * self.jaw
            self.line(_arc((-0.10, chin), (0, chin - 0.06), (0.10, chin)), _SHADE, 0.028)

    def corner(self, sign: int, x: float, narrow: float) -> Point:
        smile, frown = self.side("MouthSmile", sign), self.side("MouthFrown", sign)
        stretch, dimple = self.side("MouthStretch", sign), self.side("MouthDimple", sign)
        width = 0.27 + 0.10 * smile + 0.10 * stretch + 0.05 * dimple - 0.27 * narrow - 0.05 * self.jaw
        height = 0.52 - 0.19 * smile + 0.17 * frown + 0.03 * stretch + 0.10 * self.jaw
        return x + sign * max(width, 0.08), height

    def inside(self, x: float, top: float, bottom: float, raised: float, lowered: float) -> None:
        self.disc(x, (top + bottom) / 2, 0.8, _INSIDE)
        gap = bottom - top
        self.fill([(x - 0.5, top - 0.2), (x + 0.5, top - 0.2), (x + 0.5, top + 0.05), (x - 0.5, top + 0.05)], _WHITE)
        if lowered > 0.15 and gap > 0.08:
            edge = bottom - 0.035
            self.fill([(x - 0.5, edge), (x + 0.5, edge), (x + 0.5, bottom + 0.2), (x - 0.5, bottom + 0.2)], _WHITE)
        elif gap > 0.16:
            self.disc(x, bottom + 0.05, 0.13, _TONGUE)

    def clipped(self, outline: Sequence[Point], draw: Callable[[_Face], None]) -> None:
        """Let ``draw`` be seen only within ``outline``."""
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).polygon([self.at(x, y) for x, y in outline], fill=255)
        over = self.image.copy()
        draw(_Face(over, self.centre, self.size, self.curves))
        self.image.paste(over, mask=mask)


def _arc(start: Point, middle: Point, end: Point) -> list[Point]:
    """A quadratic Bezier curve."""
    points = []
    for step in range(_STEPS + 1):
        t = step / _STEPS
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        points.append((a * start[0] + b * middle[0] + c * end[0], a * start[1] + b * middle[1] + c * end[1]))
    return points


def _through(start: Point, middle: Point, end: Point) -> list[Point]:
    """The same, passing through ``middle``."""
    control = (2 * middle[0] - (start[0] + end[0]) / 2, 2 * middle[1] - (start[1] + end[1]) / 2)
    return _arc(start, control, end)


def _turn(share: float = 1.0) -> list[float]:
    return [2 * math.pi * share * step / (2 * _STEPS) for step in range(2 * _STEPS + 1)]
