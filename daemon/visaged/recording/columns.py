"""Which column of a CSV is which curve.

The app's header names JawLeft / JawRight and MouthLeft / MouthRight the wrong way round: by what is in them, its
columns stand in the order of the wire. So a header in the app's order, or in the wire's, goes by position; any other by
name.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from visaged.curves import COUNT, CURVES
from visaged.printable import printable
from visaged.recording.base import EMOTIONS, RecordingError

_SWAPPED: Final = {"JawLeft": "JawRight", "MouthLeft": "MouthRight"}
_APP_NAMES: Final = {**_SWAPPED, **{right: left for left, right in _SWAPPED.items()}}
LEAD: Final = ("Timecode", "BlendshapeCount")
HEADER: Final = (*LEAD, *(_APP_NAMES.get(name, name) for name in CURVES))
"""The header as the app writes it."""

# ARKit's 52 shapes end with TongueOut; the nine angles of the head and the eyes come after them.
_SHAPES: Final = CURVES[: CURVES.index("TongueOut") + 1]
# Older recordings have no tongue, and MediaPipe has none.
_OPTIONAL: Final = ("TongueOut", *CURVES[len(_SHAPES) :])
# Read over: emotions are not on the wire, MediaPipe's first column is the face at rest.
_IGNORED: Final = (*EMOTIONS, "_neutral")
_COUNTS: Final = f"the 51 or 52 shapes of ARKit, {COUNT} or {COUNT + len(EMOTIONS)}"


class Columns(NamedTuple):
    """What is where in a row."""

    names: tuple[str, ...]
    """As the header has them, printable; the first two are LEAD."""
    cells: tuple[int, ...]
    """Numbers of the cells that hold curves."""
    curves: tuple[int, ...]
    """The curve that each of them is: index into ``visaged.curves.CURVES``."""


def read_header(header: Sequence[str]) -> Columns:
    """What the cells of the first line say. Raises RecordingError naming the column, without the file."""
    names = tuple(printable(name, 40) for name in header)
    for number, (name, expected) in enumerate(zip_longest(names[: len(LEAD)], LEAD, fillvalue="")):
        if name.lower() != expected.lower():
            raise RecordingError(f"column {number + 1} is '{name}', expected '{expected}'")
    given = [_plain(name) for name in names[len(LEAD) :]]
    for known in (CURVES, HEADER[len(LEAD) :]):
        expected_names = [_plain(name) for name in (*known, *EMOTIONS)]
        if len(given) >= len(_SHAPES) - 1 and given == expected_names[: len(given)]:
            count = min(len(given), COUNT)
            return Columns(names, tuple(range(len(LEAD), len(LEAD) + count)), tuple(range(count)))
    return _by_name(names, given)


def _by_name(names: tuple[str, ...], given: list[str]) -> Columns:
    indices = {_plain(name): index for index, name in enumerate(CURVES)}
    ignored = {_plain(name) for name in _IGNORED}
    seen: set[str] = set()
    for number, name in enumerate(given, start=len(LEAD) + 1):
        if name not in indices and name not in ignored:
            at = (*HEADER, *EMOTIONS)[number - 1 : number]
            hint = f"'{at[0]}'" if len(given) >= COUNT and at else "the name of an ARKit shape"
            raise RecordingError(f"column {number} is '{names[number - 1]}', expected {hint}")
        if name in seen:
            raise RecordingError(f"column {number}, '{names[number - 1]}', is there twice")
        seen.add(name)
    missing = [name for name in CURVES if _plain(name) not in seen and name not in _OPTIONAL]
    if missing:
        there = len(seen - ignored)
        raise RecordingError(f"{there} curve columns, expected {_COUNTS} after {', '.join(LEAD)}; no '{missing[0]}'")
    cells = [number for number, name in enumerate(given) if name in indices]
    return Columns(names, tuple(len(LEAD) + cell for cell in cells), tuple(indices[given[cell]] for cell in cells))


def _plain(name: str) -> str:
    """``eyeBlink_L`` and ``EyeBlinkLeft`` are one name."""
    lower = name.lower()
    for short, long in (("_l", "left"), ("_r", "right")):
        if lower.endswith(short):
            lower = lower.removesuffix(short) + long
    return lower
