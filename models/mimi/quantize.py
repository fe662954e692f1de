"""Smaller and faster forms of an exported step: int8 of what is large, float16 for GPUs.

int8 by default means the transformer's matrices alone: int8 activations in the decoder's convolutions put hiss into
pauses. ``EVERYTHING`` also takes the convolutions, but neither the quantiser's tables nor the layer next to the sound;
it is let out only through the gate (quality.py).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

# The matrix products of these read weights by name (export.py keeps the module's names).
_TRANSFORMER: Final = "transformer."
_CONVOLUTIONS: Final = ("seanet.", "downsample.")
# Sums over many terms, and what decides an index.
_KEEP_FLOAT32_OPS: Final = ("LayerNormalization", "Softmax", "ArgMin", "ReduceSum", "Gather", "Erf")


class Int8(Enum):
    """What becomes int8."""

    TRANSFORMER = "transformer"
    EVERYTHING = "all"


class QuantizationError(Exception):
    """The quantiser did not do what it was asked to: says what was found."""


def to_int8(source: Path, target: Path, scope: Int8) -> int:
    """Write ``source`` with 8-bit weights per channel and activations per tensor; returns how many products.

    Works on the raw export: the quantiser's own pre-processing renames nodes, and what was to be left alone is not.
    Raises QuantizationError when the count in the result is not that of the nodes asked for.
    """
    wanted = products(onnx.load(source), scope)
    try:
        # As uint8: right on every processor (models/int8_weights.py), and for two rows as fast as int8.
        quantize_dynamic(source, target, nodes_to_quantize=wanted, weight_type=QuantType.QUInt8, per_channel=True)
    except DecodeError:
        # It writes a copy beside the source and reads it back, without a look at whether it was written.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from None
    made = sum(node.op_type == "MatMulInteger" for node in onnx.load(target).graph.node)
    if made != len(wanted):
        raise QuantizationError(f"{target.name}: {len(wanted)} matrix products should be int8, {made} are")
    return made


def products(model: ModelProto, scope: Int8) -> list[str]:
    """Names of the nodes that ``scope`` stands for: the products with a weight of the network."""
    prefixes = (_TRANSFORMER,) if scope is Int8.TRANSFORMER else (_TRANSFORMER, *_CONVOLUTIONS)
    sizes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    return [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul"
        and node.input[1].startswith(prefixes)
        and not _touches_sound(sizes[node.input[1]], node.input[1])
    ]


def to_float16(source: Path, target: Path) -> None:
    """Write ``source`` in float16, its inputs and outputs in float32 as they were."""
    model = onnx.load(source)
    exact = [node.name for node in model.graph.node if _exact(node)]
    onnx.save(
        convert_float_to_float16(
            model, keep_io_types=True, op_block_list=list(_KEEP_FLOAT32_OPS), node_block_list=exact
        ),
        target,
    )


def _exact(node: onnx.NodeProto) -> bool:
    """Whether a node belongs to the quantiser, where near ties decide, or adds to the transformer's residual."""
    return "quantizer" in node.name or (node.op_type == "Add" and node.name.startswith("/transformer/layers"))


def _touches_sound(dims: Sequence[int], name: str) -> bool:
    """The first convolution of the encoder hears one channel, the last of the decoder says one."""
    return name.startswith("seanet.") and (dims[0] == 7 or dims[1] == 1)
