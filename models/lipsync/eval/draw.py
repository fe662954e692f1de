"""A simple face drawn from curves, and a strip of such faces with the phones underneath: for eyes, not for figures."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.lipsync.phones import BILABIALS, LABIODENTALS, ROUNDED, SILENCE, Phone
from visaged.curves import INDEX

Pose = NDArray[np.float32]
Point = tuple[float, float]

# Drawn this much larger and scaled down: Pillow's lines have no smooth edges of their own.
_OVERSAMPLE: Final = 3
_CELL: Final = (118, 132)
_LABEL_HEIGHT: Final = 40
_TITLE_HEIGHT: Final = 30
_SKIN, _EDGE, _LIP, _INSIDE, _TEETH, _TONGUE = "#f2d3bd", "#7a5a48", "#b5524f", "#3a1416", "#fbf8f2", "#c76a6a"
# What a phone asks of the lips, so that a mistake is seen at once.
_LABEL_COLOURS: Final = ((BILABIALS, "#c00000"), (LABIODENTALS, "#1050c0"), (ROUNDED, "#0a7a2a"))


def strip(poses: Pose, times_s: NDArray[np.float64], phones: list[Phone], title: str, columns: int) -> Image.Image:
    """``poses`` float32 [frames, 61] as rows of ``columns`` faces; under each the time and the phone at that time.

    p, b, m are red, f, v blue, rounded sounds green.
    """
    width, height = _CELL[0], _CELL[1] + _LABEL_HEIGHT
    rows = -(-len(poses) // columns)
    sheet = Image.new("RGB", (columns * width, _TITLE_HEIGHT + rows * height), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((6, 6), title, fill="black", font=_font(15))
    for number, (pose, time_s) in enumerate(zip(poses, times_s, strict=True)):
        left, top = number % columns * width, _TITLE_HEIGHT + number // columns * height
        sheet.paste(face(pose), (left, top))
        symbol = next((p.symbol for p in phones if p.start_s <= time_s < p.end_s), "")
        colour = next((c for kinds, c in _LABEL_COLOURS if symbol in kinds), "#303030")
        shown = "·" if symbol == SILENCE else symbol
        pen.text((left + width / 2, top + _CELL[1] + 2), shown, fill=colour, font=_font(19), anchor="ma")
        pen.text(
            (left + width / 2, top + _CELL[1] + 24), f"{time_s:.2f} s", fill="#909090", font=_font(11), anchor="ma"
        )
    return sheet


def face(pose: Pose) -> Image.Image:
    """One face, 118 x 132 pixels, from a pose float32 [61]."""
    scale = _OVERSAMPLE
    image = Image.new("RGB", (_CELL[0] * scale, _CELL[1] * scale), "white")
    pen = ImageDraw.Draw(image)
    jaw = _value(pose, "JawOpen")
    # The chin goes down with the jaw; one unit of these coordinates is a pixel of the finished cell.
    _ellipse(pen, (10, 4, 108, 120 + 10 * jaw), _SKIN, _EDGE)
    for centre, side in ((40.0, "Right"), (78.0, "Left")):
        _eye(pen, pose, centre, side)
    _line(pen, [(59, 58), (55, 72), (61, 73)], _EDGE, 1.5)
    _mouth(pen, pose, jaw)
    return image.resize(_CELL, Image.Resampling.LANCZOS)


def _eye(pen: ImageDraw.ImageDraw, pose: Pose, x: float, side: str) -> None:
    lid = 1.0 - _value(pose, f"EyeBlink{side}")
    height = 5.0 * max(lid, 0.08) + 2.0 * _value(pose, f"EyeWide{side}")
    _ellipse(pen, (x - 8, 44 - height, x + 8, 44 + height), "white", _EDGE)
    if lid > 0.3:
        _ellipse(pen, (x - 3.5, 40.5, x + 3.5, 47.5), "#40566b", "#40566b")
    inner = -1.0 if side == "Left" else 1.0
    inner_y = 31 - 14 * _value(pose, "BrowInnerUp") + 8 * _value(pose, f"BrowDown{side}")
    outer_y = 33 - 14 * _value(pose, f"BrowOuterUp{side}") + 5 * _value(pose, f"BrowDown{side}")
    _line(pen, [(x + inner * 9, inner_y), (x, (inner_y + outer_y) / 2 - 3), (x - inner * 10, outer_y)], _EDGE, 3)


def _mouth(pen: ImageDraw.ImageDraw, pose: Pose, jaw: float) -> None:
    """Lips as two bands around an opening whose width follows rounding and spreading."""
    rounding = _value(pose, "MouthPucker") + 0.6 * _value(pose, "MouthFunnel")
    spread = _both(pose, "MouthStretch") + _both(pose, "MouthSmile")
    half = max(19.0 - 17.0 * rounding + 9.0 * spread, 6.0)
    gap = max(jaw - _value(pose, "MouthClose"), 0.0)
    upper = 5.0 * _both(pose, "MouthUpperUp") + 2.5 * _value(pose, "MouthFunnel") * (gap > 0.02)
    lower = 36.0 * gap + 6.0 * _both(pose, "MouthLowerDown") + 2.5 * _value(pose, "MouthFunnel") * (gap > 0.02)
    rolled = _value(pose, "MouthRollLower")
    press = _both(pose, "MouthPress")
    thick_upper = 4.0 + 3.0 * rounding - 5.0 * _value(pose, "MouthRollUpper") - 3.0 * press
    thick_lower = 5.5 + 3.5 * rounding - 9.0 * rolled - 3.0 * press
    # The lower lip that is rolled in comes up to the teeth.
    lower = max(lower - 12.0 * max(rolled - 0.15, 0.0), 0.0)
    x, y = 59.0, 88.0
    _lens(pen, (x, y), half + 3, upper + max(thick_upper, 1.0), lower + max(thick_lower, 1.2), fill=_LIP)
    if upper + lower > 0.8:
        _lens(pen, (x, y), half, upper, lower, fill=_INSIDE)
        if rolled > 0.15:
            _lens(pen, (x, y - upper * 0.2), half * 0.8, upper * 0.7, min(lower, 3.0), fill=_TEETH)
        elif upper + lower > 4.0:
            _lens(pen, (x, y - upper * 0.3), half * 0.75, upper * 0.6, min(lower * 0.25, 3.0), fill=_TEETH)
            tongue = 3.0 + 12.0 * _value(pose, "TongueOut")
            if lower > 8.0 or tongue > 4.0:
                _lens(pen, (x, y + lower * 0.75), half * 0.5, min(tongue, lower * 0.6), lower * 0.2, fill=_TONGUE)
    else:
        _line(pen, [(x - half, y), (x, y + 0.6), (x + half, y)], "#6d2c2c", 1.6)


def _lens(pen: ImageDraw.ImageDraw, at: Point, half: float, up: float, down: float, *, fill: str) -> None:
    """A shape of two arcs: ``up`` above and ``down`` below the line from ``half`` left of ``at`` to ``half`` right."""
    x, y = at
    across = np.linspace(-1.0, 1.0, 33)
    bow = np.sqrt(1.0 - across**2)
    points = [(x + half * t, y - up * b) for t, b in zip(across, bow, strict=True)]
    points += [(x + half * t, y + down * b) for t, b in zip(across[::-1], bow[::-1], strict=True)]
    pen.polygon([(px * _OVERSAMPLE, py * _OVERSAMPLE) for px, py in points], fill=fill)


def _ellipse(pen: ImageDraw.ImageDraw, box: tuple[float, float, float, float], fill: str, edge: str) -> None:
    left, top, right, bottom = (value * _OVERSAMPLE for value in box)
    pen.ellipse((left, top, right, bottom), fill=fill, outline=edge, width=_OVERSAMPLE)


def _line(pen: ImageDraw.ImageDraw, points: list[Point], colour: str, width: float) -> None:
    scaled = [(x * _OVERSAMPLE, y * _OVERSAMPLE) for x, y in points]
    pen.line(scaled, fill=colour, width=round(width * _OVERSAMPLE), joint="curve")


def _value(pose: Pose, name: str) -> float:
    return float(pose[INDEX[name]])


def _both(pose: Pose, name: str) -> float:
    return (_value(pose, f"{name}Left") + _value(pose, f"{name}Right")) / 2


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
