"""The contact sheet: every face capsule and loop at its peak, with how strongly it moves over its time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.capsules.face import draw_face
from visaged.animation.rest import REST
from visaged.capsules.file.capsule import Capsule
from visaged.capsules.file.ids import CapsuleKind
from visaged.capsules.playing.emotion_blend import peak_of
from visaged.curves import INDEX, Pose, make_legal, neutral

SHEET: Final = Path(__file__).parents[2] / "docs" / "capsules.png"
_COLUMNS: Final = 12
_CELL: Final = (152, 186)
_FACE_HALF_WIDTH: Final = 46
_TITLE_HEIGHT: Final = 64
# Drawn larger and scaled down: Pillow's lines have no soft edges.
_OVERSAMPLE: Final = 3
_PAPER: Final = (250, 249, 246)
_INK: Final = (52, 50, 48)
_COLD: Final = (214, 224, 238)
_WARM: Final = (252, 236, 206)
# What a factor is applied to, so that it can be seen: a face that speaks and moves.
_SPEAKING: Final = {"JawOpen": 0.4, "MouthSmileLeft": 0.4, "MouthSmileRight": 0.4, "MouthLowerDownLeft": 0.3} | {
    "MouthLowerDownRight": 0.3,
    "BrowInnerUp": 0.3,
    "BrowOuterUpLeft": 0.4,
    "BrowOuterUpRight": 0.4,
    "HeadRoll": 0.12,
}


def draw_sheet(capsules: Sequence[Capsule], target: Path = SHEET) -> None:
    """Write the picture."""
    shown = [capsule for capsule in capsules if capsule.header.kind in (CapsuleKind.FACE, CapsuleKind.LOOP)]
    rows = math.ceil(len(shown) / _COLUMNS)
    width, height = _COLUMNS * _CELL[0], rows * _CELL[1] + _TITLE_HEIGHT
    sheet = Image.new("RGB", (width, height), _PAPER)
    paper = ImageDraw.Draw(sheet)
    faces = sum(capsule.header.kind is CapsuleKind.FACE for capsule in shown)
    title = f"The starter pack: {faces} face capsules and {len(shown) - faces} base loops, each at its peak"
    paper.text((14, 14), title, fill=_INK, font=ImageFont.load_default(20))
    note = "Line: movement over its time. Background: valence, cold to warm. Filters are shown on a speaking face."
    paper.text((14, 40), note, fill=(120, 116, 110), font=ImageFont.load_default(12))
    for index, capsule in enumerate(shown):
        left = index % _COLUMNS * _CELL[0]
        top = index // _COLUMNS * _CELL[1] + _TITLE_HEIGHT
        sheet.paste(_cell(capsule), (left, top))
    target.parent.mkdir(parents=True, exist_ok=True)
    # 128 colours suffice for flat paint and keep the repository small.
    sheet.quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)


def shown_pose(capsule: Capsule) -> Pose:
    """The face at the capsule's peak, float32 [61]."""
    assert capsule.curves is not None
    pose = neutral()
    for name, value in REST.items():
        pose[INDEX[name]] = value
    if capsule.header.blend_mode == "additive":
        pose += peak_of(capsule.curves)
    else:
        for name, value in _SPEAKING.items():
            pose[INDEX[name]] = value
        middle = capsule.curves[len(capsule.curves) // 3].astype(np.float32)
        taken = np.ones(len(pose), bool) if capsule.mask is None else capsule.mask.astype(bool)
        held = capsule.header.blend_mode == "override"
        pose[taken] = middle[taken] if held else pose[taken] * middle[taken]
    make_legal(pose)
    return pose


def _cell(capsule: Capsule) -> Image.Image:
    scale = _OVERSAMPLE
    width, height = _CELL[0] * scale, _CELL[1] * scale
    cell = Image.new("RGB", (width, height), _background(capsule))
    draw_face(cell, (width / 2, 72 * scale), _FACE_HALF_WIDTH * scale, shown_pose(capsule).tolist())
    _strength_line(ImageDraw.Draw(cell), capsule, scale)
    cell = cell.resize(_CELL, Image.Resampling.LANCZOS)
    paper = ImageDraw.Draw(cell)
    paper.rectangle((0, 0, _CELL[0] - 1, _CELL[1] - 1), outline=_PAPER, width=2)
    font = ImageFont.load_default(11)
    paper.text((_CELL[0] / 2, 164), capsule.header.cid, fill=_INK, font=font, anchor="mm")
    seconds = f"{capsule.header.duration_ms / 1000:.1f} s" + (" loop" if capsule.header.loop else "")
    paper.text((_CELL[0] / 2, 176), seconds, fill=(120, 116, 110), font=ImageFont.load_default(9), anchor="mm")
    return cell


def _background(capsule: Capsule) -> tuple[int, int, int]:
    valence = capsule.header.emotion.valence if capsule.header.emotion else 0.0
    towards = _WARM if valence > 0 else _COLD
    red, green, blue = (
        round(p + (t - p) * min(abs(valence) * 1.2, 1)) for p, t in zip((244, 243, 240), towards, strict=True)
    )
    return red, green, blue


def _strength_line(paper: ImageDraw.ImageDraw, capsule: Capsule, scale: int) -> None:
    assert capsule.curves is not None
    curves = capsule.curves.astype(np.float32)
    rest = 1.0 if capsule.header.blend_mode == "multiply" else 0.0
    strength = np.abs(curves - rest).sum(axis=1)
    if capsule.header.loop:
        strength = np.abs(curves - curves.mean(axis=0)).sum(axis=1)
    largest = max(float(strength.max()), 1e-6)
    left, right, bottom, high = 16 * scale, (_CELL[0] - 16) * scale, 153 * scale, 14 * scale
    paper.line([(left, bottom), (right, bottom)], fill=(206, 202, 194), width=scale)
    if largest > 1e-3:
        steps = len(strength)
        points = [
            (left + (right - left) * i / max(steps - 1, 1), bottom - high * float(s) / largest)
            for i, s in enumerate(strength)
        ]
        paper.line(points, fill=(176, 96, 72), width=round(1.5 * scale), joint="curve")
