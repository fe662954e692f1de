"""Random weights of the true shapes, or of few dimensions for tests: nothing of the real ones is needed to try a thing.

``fc_output`` is scaled so that the curves move as real ones do: about ``_SPREAD`` percent around ``_CENTRE``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.neurosync.shape import Shape

NARROW: Final = Shape(hidden=32, feed_forward=64, layers=2, heads=4)
"""256 features in, 68 outputs, everything between as small as it may be: 50 kB, a window in a millisecond."""

_CENTRE: Final = 15.0
_SPREAD: Final = 15.0


def random_weights(shape: Shape, seed: int = 1) -> dict[str, NDArray[np.float32]]:
    """Every tensor of ``shape``: uniform like torch's Linear, LayerNorm near one."""
    rng = np.random.default_rng(seed)
    tensors, sizes = {}, shape.tensors()
    for name, size in sizes.items():
        if "norm" in name:
            tensors[name] = (rng.standard_normal(size) * 0.1 + name.endswith("weight")).astype(np.float32)
        else:
            fan_in = sizes[name.replace(".bias", ".weight")][1]
            tensors[name] = rng.uniform(-1, 1, size).astype(np.float32) / np.float32(np.sqrt(fan_in))
    # A row of uniform weights times a normalised vector spreads by sqrt(1/3).
    tensors["decoder.fc_output.weight"] *= np.float32(_SPREAD * np.sqrt(3))
    tensors["decoder.fc_output.bias"] += np.float32(_CENTRE)
    return tensors
