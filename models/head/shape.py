"""The head's shape and cut: a person of several origins, head and shoulders, in parts of different material."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.head.source import Mesh, Source

MIX: Final = {
    "macrodetails/caucasian-female-young": 0.55,
    "macrodetails/asian-female-young": 0.25,
    "macrodetails/african-female-young": 0.20,
}

PARTS: Final = ("skin", "teeth", "tongue", "lashes")
_HELPERS: Final = {
    "teeth": ("helper-lower-teeth", "helper-upper-teeth"),
    "tongue": ("helper-tongue",),
    "lashes": tuple(f"helper-{side}-eyelashes-{number}" for side in "lr" for number in (1, 2)),
}
_CUT_Y: Final = 5.27
_CUT_X: Final = 1.75
# In the mix the upper teeth end at the lip line.
_UPPER_TEETH_DOWN: Final = 0.028
_UPPER_TEETH: Final = range(15060, 15128)
_EYES: Final = {"left": range(14598, 14670), "right": range(14670, 14742)}
_JOINTS: Final = {"head": range(14070, 14078), "neck": range(14534, 14542)}


class Part(NamedTuple):
    """A stretch of vertices and triangles that is drawn with one material."""

    name: str
    first_vertex: int
    vertices: int
    first_index: int
    indices: int


class Head(NamedTuple):
    """The cut head. Positions are dm."""

    positions: NDArray[np.float64]
    """[n, 3]."""
    uvs: NDArray[np.float64]
    """[n, 2]: one of each vertex's."""
    triangles: NDArray[np.int64]
    """[t, 3]."""
    parts: tuple[Part, ...]
    of_base: dict[int, int]
    """Number in the base mesh -> number here."""
    eyes: dict[str, tuple[NDArray[np.float64], float]]
    """Centre and radius of each eyeball."""
    joints: dict[str, NDArray[np.float64]]
    lower_lashes: NDArray[np.bool_]
    """[n]."""


def shape(source: Source) -> Head:
    """The head as it is at rest."""
    mesh = source.mesh()
    placed = mesh.vertices.copy()
    for target, weight in MIX.items():
        _move(placed, source.target(target), weight)
    placed[list(_UPPER_TEETH), 1] -= _UPPER_TEETH_DOWN
    chosen = {"skin": _skin(mesh)} | {
        part: np.concatenate([mesh.quads[name] for name in names]) for part, names in _HELPERS.items()
    }
    of_base: dict[int, int] = {}
    uv_of: dict[int, int] = {}
    triangles: list[NDArray[np.int64]] = []
    parts = []
    for part in PARTS:
        first_vertex, first_index = len(of_base), 3 * sum(len(made) for made in triangles)
        for vertex, uv in chosen[part].reshape(-1, 2).tolist():
            of_base.setdefault(vertex, len(of_base))
            uv_of.setdefault(vertex, uv)
        corners = np.vectorize(of_base.__getitem__)(chosen[part][:, :, 0])
        triangles.append(np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]]))
        parts.append(Part(part, first_vertex, len(of_base) - first_vertex, first_index, 3 * len(triangles[-1])))
    order = list(of_base)
    lower = {v for side in "lr" for v in mesh.quads[f"helper-{side}-eyelashes-1"][:, :, 0].ravel().tolist()}
    return Head(
        positions=placed[order],
        uvs=mesh.uvs[[uv_of[vertex] for vertex in order]],
        triangles=np.concatenate(triangles),
        parts=tuple(parts),
        of_base=of_base,
        eyes={side: _sphere(placed[list(numbers)]) for side, numbers in _EYES.items()},
        joints={name: placed[list(numbers)].mean(axis=0) for name, numbers in _JOINTS.items()},
        lower_lashes=np.array([vertex in lower for vertex in order]),
    )


def _skin(mesh: Mesh) -> NDArray[np.int64]:
    """The body's quads above the shoulders; chosen on the base shape, so that numbers do not depend on the mix."""
    body = mesh.quads["body"]
    corners = mesh.vertices[body[:, :, 0]]
    inside = (corners[:, :, 1] > _CUT_Y) & (np.abs(corners[:, :, 0]) < _CUT_X)
    return body[inside.all(axis=1)]


def _move(vertices: NDArray[np.float64], target: Mapping[int, tuple[float, float, float]], weight: float) -> None:
    numbers = list(target)
    vertices[numbers] += weight * np.array([target[number] for number in numbers])


def _sphere(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Centre and radius by least squares: |p|^2 = 2 p.c + (r^2 - |c|^2)."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))
