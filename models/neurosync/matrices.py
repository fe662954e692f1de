"""Weights as the graphs want them: [inputs, outputs], q, k and v side by side, rotated pairs as two halves.

A pair (even, odd) that is turned by an angle may lie anywhere as long as queries and keys agree, for only their dot
product is used. As two halves of a head, the turn takes four products of whole halves; interleaved it takes shuffles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.neurosync.shape import Shape
from visaged.inference.manifest import PositionEncoding

Array = NDArray[np.float32]
Weights = Mapping[str, Array]
"""Name in the checkpoint -> tensor, complete and finite."""


@dataclass(frozen=True)
class Model:
    """A network with its weights."""

    weights: Weights
    shape: Shape
    position: PositionEncoding


def halves(shape: Shape) -> NDArray[np.intp]:
    """Order of the rows of a query or key matrix that puts the even channels of a head before its odd ones."""
    head = np.concatenate((np.arange(0, shape.head_size, 2), np.arange(1, shape.head_size, 2)))
    return (np.arange(shape.heads)[:, None] * shape.head_size + head).ravel()


def joined(weights: Weights, attention: str, parts: str, shape: Shape) -> tuple[Array, Array]:
    """Matrix [hidden, len(parts) x hidden] and bias of the ``parts`` (of q, k, v) of an attention."""
    order = halves(shape)
    matrices, biases = [], []
    for part in parts:
        matrix, bias = weights[f"{attention}.{part}_linear.weight"], weights[f"{attention}.{part}_linear.bias"]
        matrices.append(matrix if part == "v" else matrix[order])
        biases.append(bias if part == "v" else bias[order])
    return np.concatenate(matrices).T, np.concatenate(biases)


def single(weights: Weights, name: str) -> tuple[Array, Array]:
    """Matrix [inputs, outputs] and bias of one linear layer."""
    return weights[f"{name}.weight"].T, weights[f"{name}.bias"]
