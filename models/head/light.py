"""Ambient occlusion, baked per vertex: from many sides a depth picture says what is hidden close by."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

DIRECTIONS: Final = 160
_SIZE: Final = 320
_REACH_DM: Final = 1.2
"""What is farther in front than this leaves enough light."""
_BIAS_DM: Final = 0.012
_SAMPLES: Final = 8
"""Points along the side of a triangle that the depth picture is made of."""


def normals_of(positions: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    """Unit normals [n, 3], weighted by area."""
    a, b, c = (positions[triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(positions)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def openness(
    positions: NDArray[np.float64], normals: NDArray[np.float64], triangles: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How much of the sky each vertex sees [n], 0..1, weighted by the cosine."""
    points = _points(positions, triangles)
    seen, weight = np.zeros(len(positions)), np.zeros(len(positions))
    for direction in _sphere(DIRECTIONS):
        cosine = np.maximum(normals @ direction, 0)
        hidden = _hidden(positions, points, direction)
        seen += cosine * (1 - hidden)
        weight += cosine
    return seen / np.maximum(weight, 1e-9)


def _hidden(
    positions: NDArray[np.float64], points: NDArray[np.float64], direction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How much of the light from ``direction`` something close in front takes away [n]."""
    side = np.cross(direction, (0.0, 1.0, 0.0) if abs(direction[1]) < 0.9 else (1.0, 0.0, 0.0))
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(side, direction)], axis=1)
    flat, mine = points @ frame, positions @ frame
    low = flat.min(axis=0)
    scale = (_SIZE - 1) / (flat.max(axis=0) - low).max()
    cells = ((flat - low) * scale).astype(int)
    depth = np.full((_SIZE, _SIZE), -np.inf)
    np.maximum.at(depth, (cells[:, 0], cells[:, 1]), points @ direction)
    own = np.clip((mine - low) * scale, 0, _SIZE - 1).astype(int)
    ahead = depth[own[:, 0], own[:, 1]] - positions @ direction
    # A surface that leans away fills its own cell unevenly.
    bias = _BIAS_DM + 1.5 / scale
    return np.where((ahead > bias) & (ahead < _REACH_DM), 1 - np.clip(ahead / _REACH_DM, 0, 1) * 0.5, 0.0)


def _points(positions: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    """Points evenly over every triangle."""
    steps = np.linspace(0, 1, _SAMPLES)
    weights = np.array([(u, v, 1 - u - v) for u in steps for v in steps if u + v <= 1 + 1e-9])
    corners = positions[triangles]
    return np.einsum("wk,tkx->twx", weights, corners).reshape(-1, 3)


def _sphere(count: int) -> NDArray[np.float64]:
    """Directions evenly over the sphere (a Fibonacci lattice)."""
    number = np.arange(count) + 0.5
    height = 1 - 2 * number / count
    angle = np.pi * (1 + 5**0.5) * number
    ring = np.sqrt(1 - height**2)
    return np.column_stack([ring * np.cos(angle), height, ring * np.sin(angle)])
