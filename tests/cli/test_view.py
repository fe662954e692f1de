from __future__ import annotations

import io
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from visaged.cli.face_drawing import HEIGHT, WIDTH, draw_face
from visaged.cli.view import Bar, face_view
from visaged.curves import CURVES, INDEX


def pose(**values: float) -> list[float]:
    curves = [0.0] * 61
    for name, value in values.items():
        curves[INDEX[name]] = value
    return curves


def rendered(renderable: object, width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding) as file:
        Console(file=file, width=width).print(renderable)
        file.flush()
        return raw.getvalue().decode(encoding)


def bar(value: float, signed: bool = False, encoding: str = "utf-8") -> str:
    return rendered(Bar(value, 8, "green", signed), encoding=encoding).strip("\n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "────────"), (0.5, "████────"), (1, "████████"), (5, "████████"), (-1, "────────"), (0.5625, "████▌───")],
)
def test_a_bar(value: float, expected: str) -> None:
    assert bar(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "────────"), (0.5, "────██──"), (-0.5, "──██────"), (-7, "████────"), (7, "────████")]
)
def test_a_signed_bar(value: float, expected: str) -> None:
    assert bar(value, signed=True) == expected


def test_a_terminal_without_unicode() -> None:
    assert bar(0.5, encoding="ascii") == "####----"
    assert "jaw open" in rendered(face_view(pose(), "t", {}), encoding="ascii")


def test_eighty_columns_hold_face_bars_and_figures() -> None:
    text = rendered(face_view(pose(JawOpen=1.0), "face1", {"fps": "60.0"}, ["silent for 3 s"]))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 20
    assert all(word in text for word in ("face1", "fps 60.0", "silent for 3 s", "█████████████", "head roll"))
    assert "…" not in text


def test_a_narrow_terminal_keeps_the_bars() -> None:
    text = rendered(face_view(pose(), "face1", {}), width=60)
    assert "jaw open" in text
    assert "⠤" not in text


def test_markup_in_a_subject_is_text() -> None:
    assert "[red]x[/]" in rendered(face_view(pose(), "[red]x[/]", {}))


def test_the_drawing_keeps_its_size_whatever_comes() -> None:
    for value in (-1.0, 0.0, 1.0):
        lines = draw_face([value] * 61)
        assert [len(line) for line in lines] == [WIDTH] * HEIGHT


@pytest.mark.parametrize(
    "name",
    [
        "JawOpen",
        "MouthPucker",
        "MouthSmileLeft",
        "MouthFrownRight",
        "EyeBlinkLeft",
        "EyeBlinkRight",
        "EyeLookUpLeft",
        "EyeLookInRight",
        "BrowInnerUp",
        "BrowDownLeft",
        "BrowOuterUpRight",
        "HeadYaw",
        "HeadPitch",
        "HeadRoll",
    ],
)
def test_what_a_person_looks_at_is_seen_to_move(name: str) -> None:
    assert name in CURVES
    assert draw_face(pose(**{name: 1.0})) != draw_face(pose())


def test_the_bar_of_the_left_is_on_the_viewers_right() -> None:
    assert "blink      ────── ██████" in rendered(face_view(pose(EyeBlinkLeft=1.0), "face1", {}))


def test_left_is_on_the_viewers_right() -> None:
    changed = [
        column
        for closed, at_rest in zip(draw_face(pose(EyeBlinkLeft=1.0)), draw_face(pose()), strict=True)
        for column in range(WIDTH)
        if closed[column] != at_rest[column]
    ]
    assert min(changed) >= WIDTH // 2


@given(st.binary(min_size=244, max_size=244))
def test_any_finite_values_can_be_drawn(raw: bytes) -> None:
    curves = [value if math.isfinite(value) else 3e38 for value in struct.unpack(">61f", raw)]
    lines = rendered(face_view(curves, "face", {})).splitlines()
    assert len(lines) < 25
    assert all(len(line) <= 80 for line in lines)
