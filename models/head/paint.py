"""What each vertex is made of: eight bytes of masks from the CC0 pictures, from the shape, and from the baked light."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.head.light import normals_of, openness
from models.head.shape import PARTS, Head
from models.head.source import Source

CHANNELS: Final = ("light", "lips", "lids", "inside", "hair", "blush", "part", "lower")
"""light: baked openness. lips, lids, inside (of the mouth): masks. hair: density. blush: cheeks, nose, ears. part: its
number in ``shape.PARTS``. lower: 255 for lower lashes and lower teeth. Of lashes, lips is the place along the lid and
lids that from root to tip."""


def paint(source: Source, head: Head) -> NDArray[np.uint8]:
    """The bytes [n, 8]."""
    normals = normals_of(head.positions, head.triangles)
    values = np.zeros((len(head.positions), len(CHANNELS)))
    values[:, 0] = openness(head.positions, normals, _opaque(head))
    skin = np.zeros(len(head.positions), bool)
    for number, part in enumerate(head.parts):
        stretch = slice(part.first_vertex, part.first_vertex + part.vertices)
        values[stretch, 6] = number / 255
        skin[stretch] = number == 0
    for channel, region in ((1, "lips"), (2, "eyelids"), (3, "inside-mouth")):
        values[skin, channel] = _sampled(source.mask(region), head.uvs[skin])
    values[skin, 4] = _hair(head)[skin]
    values[skin, 5] = np.maximum(_blush(head), 0.6 * _sampled(source.mask("ears"), head.uvs))[skin]
    teeth = head.parts[PARTS.index("teeth")]
    half = teeth.first_vertex + teeth.vertices // 2
    values[teeth.first_vertex : half, 7] = 1
    values[head.lower_lashes, 7] = 1
    lashes = head.parts[PARTS.index("lashes")]
    strands = slice(lashes.first_vertex, lashes.first_vertex + lashes.vertices)
    values[strands, 1], values[strands, 2] = _along(head)
    return np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)


def _opaque(head: Head) -> NDArray[np.int64]:
    """Triangles that throw shadows: lashes do not."""
    lashes = head.parts[PARTS.index("lashes")]
    return head.triangles[: lashes.first_index // 3]


def _sampled(mask: NDArray[np.float64], uvs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mask at each UV, the mean of 9 x 9 pixels."""
    size = len(mask)
    columns = np.clip((uvs[:, 0] * size).astype(int), 4, size - 5)
    rows = np.clip(((1 - uvs[:, 1]) * size).astype(int), 4, size - 5)
    around = range(-4, 5)
    return np.mean([mask[rows + dy, columns + dx] for dy in around for dx in around], axis=0)


def _hair(head: Head) -> NDArray[np.float64]:
    """Density of short hair: behind and above a hairline that runs over the forehead, around the ears, to the nape."""
    eye = np.mean([centre for centre, _ in head.eyes.values()], axis=0)
    x, y, z = (head.positions - eye).T
    sideways = np.abs(x)
    # Over the forehead, then from the temple down to the ear, over it, and behind it to the nape.
    front = 0.68 - 0.34 * (sideways / 0.6) ** 2
    side = np.interp(-z, [0.0, 0.15, 0.4, 0.5, 0.8, 0.92, 1.1, 1.6], [0.5, 0.4, 0.1, 0.09, 0.08, -0.25, -0.5, -0.62])
    blend = np.clip((z + 0.15) / 0.2, 0, 1)
    line = blend * front + (1 - blend) * side
    ears = (sideways > 0.68) & (z < -0.45) & (z > -0.87) & (y < 0.07)
    return np.where(ears, 0.0, np.clip((y - line) / 0.16 + 0.4, 0, 1))


def _blush(head: Head) -> NDArray[np.float64]:
    """Cheeks and the tip of the nose."""
    left, right = head.eyes["left"][0], head.eyes["right"][0]
    eye = (left + right) / 2
    spots = [
        (left, (0.16, -0.42, 0.02), 0.30, 0.8),
        (right, (-0.16, -0.42, 0.02), 0.30, 0.8),
        (eye, (0.0, -0.38, 0.42), 0.16, 0.7),
    ]
    blush = np.zeros(len(head.positions))
    for centre, aside, radius, strength in spots:
        distance = np.linalg.norm(head.positions - centre - np.array(aside), axis=1)
        blush = np.maximum(blush, strength * np.exp(-((distance / radius) ** 2)))
    return blush


def _along(head: Head) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each lash vertex: how far along its lid, from the inner corner, and how far from the lid; both 0..1."""
    lashes = head.parts[PARTS.index("lashes")]
    strands = slice(lashes.first_vertex, lashes.first_vertex + lashes.vertices)
    points, lower = head.positions[strands], head.lower_lashes[strands]
    along, out = np.zeros(len(points)), np.zeros(len(points))
    for side, sign in (("left", 1), ("right", -1)):
        centre, radius = head.eyes[side]
        for is_lower in (False, True):
            chosen = (np.sign(points[:, 0]) == sign) & (lower == is_lower)
            aside = sign * (points[chosen, 0] - centre[0])
            along[chosen] = (aside - aside.min()) / np.ptp(aside)
            distance = np.linalg.norm(points[chosen] - centre, axis=1) - radius
            out[chosen] = np.clip(distance / distance.max(), 0, 1)
    return along, out
