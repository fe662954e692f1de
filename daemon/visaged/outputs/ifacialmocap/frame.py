"""A face in iFacialMocap: the text of one datagram. This file is its specification.

``|`` ends a field. Version 1 writes ``name-value``, version 2 ``name&value``, so that a value may be negative::

    eyeBlink_L-12|…|jawOpen-45|…|=head#rx,ry,rz,px,py,pz|rightEye#rx,ry,rz|leftEye#rx,ry,rz|

Names are ARKit's 52 with ``_L`` and ``_R`` for Left and Right; values are whole numbers 0..100. Angles are degrees
about Unity's axes (x: down, y: to the subject's right), positions metres; the box's head does not move from its place.
Sources: ifacialmocap.com/for-developer and receivers of others (docs/engines.md). No numpy: see sender.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from visaged.outputs.arkit import HEAD_PITCH, HEAD_ROLL, HEAD_YAW, LEFT_EYE, RIGHT_EYE, SHAPES, camel

PORT: Final = 49983
"""Of the phone, which is asked there, and of whoever asks, who is answered there."""

MAX_BYTES: Final = 8192
"""Of a datagram that is read; ours are some 1,000."""

_DEGREES: Final = 180 / math.pi
_FIELDS: Final = 256
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_VALUE: Final = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,8})?")
_NUMBER: Final = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,16})?([eE]-?[0-9]{1,2})?")
_PARTS: Final = {"=head": 6, "rightEye": 3, "leftEye": 3}


class IFacialMocapError(ValueError):
    """A datagram that is no iFacialMocap frame: says which field, what it held and what is accepted."""


class MocapFrame(NamedTuple):
    """One face as received."""

    shapes: dict[str, float]
    """By the names of the wire, 0..1 where the sender keeps to its range; unknown names are kept."""
    head: tuple[float, ...]
    """Degrees about x, y, z, then position in metres."""
    right_eye: tuple[float, ...]
    left_eye: tuple[float, ...]
    """Degrees about x, y, z."""
    version: int


def wire_name(shape: str) -> str:
    """``eyeBlink_L`` of ``EyeBlinkLeft``; of jaw and mouth, Left and Right are directions and stay."""
    for side in ("Left", "Right"):
        stem = shape.removesuffix(side)
        if stem not in (shape, "Jaw", "Mouth"):
            return f"{camel(stem)}_{side[0]}"
    return camel(shape)


NAMES: Final = tuple(wire_name(shape) for shape in SHAPES)
"""In the order of a pose."""


def encode(pose: Sequence[float], version: int) -> bytes:
    """The datagram of the 61 curves."""
    sign = "-" if version == 1 else "&"
    fields = [f"{name}{sign}{round(100 * value)}" for name, value in zip(NAMES, pose, strict=False)]
    head = (pose[HEAD_PITCH], pose[HEAD_YAW], -pose[HEAD_ROLL])
    fields += [f"=head#{_degrees(head)},0,0,0", f"rightEye#{_eye(pose, RIGHT_EYE)}", f"leftEye#{_eye(pose, LEFT_EYE)}"]
    return ("|".join(fields) + "|").encode()


def decode(datagram: bytes) -> MocapFrame:
    """The face in ``datagram``. Strict: raises IFacialMocapError naming the first field that is wrong."""
    if not datagram or len(datagram) > MAX_BYTES:
        raise IFacialMocapError(f"datagram: {len(datagram)} bytes, expected 1 to {MAX_BYTES}")
    try:
        text = datagram.decode("ascii")
    except UnicodeDecodeError:
        raise IFacialMocapError("datagram: not ASCII") from None
    fields = [field for field in text.split("|", _FIELDS) if field]
    if len(fields) >= _FIELDS or "|" not in text:
        raise IFacialMocapError(f"datagram: {len(fields)} fields, expected 2 to {_FIELDS - 1} with | between them")
    shapes: dict[str, float] = {}
    parts: dict[str, tuple[float, ...]] = {}
    version = 2 if "&" in text else 1
    for field in fields:
        if "#" in field:
            name, numbers = _part(field)
            parts[name] = numbers
        else:
            name, value = _shape(field, "&" if version == 2 else "-")
            shapes[name] = value
    missing = _PARTS.keys() - parts.keys()
    if missing:
        raise IFacialMocapError(f"datagram: without {', '.join(sorted(missing))}")
    return MocapFrame(shapes, parts["=head"], parts["rightEye"], parts["leftEye"], version)


def _part(field: str) -> tuple[str, tuple[float, ...]]:
    name, _, rest = field.partition("#")
    count = _PARTS.get(name)
    if count is None:
        raise IFacialMocapError(f"field {field[:32]!r}: expected one of {', '.join(_PARTS)} before #")
    numbers = rest.split(",", count)
    if len(numbers) != count or not all(map(_NUMBER.fullmatch, numbers)):
        raise IFacialMocapError(f"{name}: {rest[:64]!r}, expected {count} numbers")
    return name, tuple(map(float, numbers))


def _shape(field: str, sign: str) -> tuple[str, float]:
    name, found, value = field.partition(sign)
    if not found or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise IFacialMocapError(f"field {field[:32]!r}: expected a name, {sign} and a number")
    return name, float(value) / 100


def _eye(pose: Sequence[float], first: int) -> str:
    return _degrees((pose[first + 1], pose[first], -pose[first + 2]))


def _degrees(radians: tuple[float, float, float]) -> str:
    return ",".join(f"{_DEGREES * angle:.3f}" for angle in radians)
