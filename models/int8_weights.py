"""Weights of 8-bit products that are right on every processor.

An x86 processor without VNNI adds two products of a uint8 activation and an int8 weight in 16 bits, and clips the sum
at 32,767. Weights up to 127 reach 2 x 255 x 127 = 64,770 there. Two forms cannot clip, and one file of them serves all
processors:

- int8 weights up to 64 (2 x 255 x 64 = 32,640). They cost one bit of precision and no time: for products of many rows.
- uint8 weights with a zero point. They go another way, a third slower where arithmetic is what takes the time; for
  products of a row or two, where reading the weights takes it, they cost nothing.
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
