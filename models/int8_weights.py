"""How large an int8 weight may be, so that a product is right on every processor.

An x86 processor without VNNI adds two products of a uint8 activation and an int8 weight in 16 bits, and clips the sum
at 32,767. Weights up to 127 reach 2 x 255 x 127 = 64,770 there; weights up to 64 reach 32,640. They cost one bit of
precision and no time, and one file serves all processors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

MAX_WEIGHT: Final = 64
"""Magnitude; what ONNX Runtime's quantiser calls ``reduce_range``."""


def largest_weight(path: Path) -> int:
    """Magnitude of the largest int8 weight of an ONNX file, 0 if it has none. Raises OSError."""
    tensors = [tensor for tensor in onnx.load(path).graph.initializer if tensor.data_type == TensorProto.INT8]
    return max((int(np.abs(numpy_helper.to_array(tensor).astype(np.int16)).max()) for tensor in tensors), default=0)
