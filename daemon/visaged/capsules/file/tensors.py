"""The container of a capsule: the safetensors file format, read strictly and written byte for byte the same each time.

Format (https://github.com/huggingface/safetensors): u64 little-endian length of the header, the header (JSON: tensor
name -> ``dtype``, ``shape``, ``data_offsets``; ``__metadata__``: text -> text), then the tensors, without gaps.
A reader of our own, because a capsule needs stricter limits than a model and both parts of it in one pass.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visaged.capsules.errors import CapsuleError, shown

# The JSON of a capsule is 0.5 kB and five tensors take 0.4 kB; this leaves room, not more.
MAX_HEADER_BYTES: Final = 32 * 1024
# More values than the file limit has bytes are refused before they are multiplied.
_MAX_DIMENSION: Final = 1 << 26
_METADATA: Final = "__metadata__"
_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "F16": np.dtype("<f2"),
    "I16": np.dtype("<i2"),
    "U16": np.dtype("<u2"),
    "U8": np.dtype("u1"),
}
_NAMES: Final = {dtype: name for name, dtype in _DTYPES.items()}

Tensor = NDArray[Any]


def encode(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> bytes:
    """The file's bytes. Tensors must have one of the dtypes above; the widest come first, as the format asks."""
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header: dict[str, Any] = {_METADATA: dict(metadata)}
    offset = 0
    for name in order:
        tensor = tensors[name]
        header[name] = {
            "dtype": _NAMES[tensor.dtype.newbyteorder("<")],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + tensor.nbytes],
        }
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(np.ascontiguousarray(tensors[n]).tobytes() for n in order)


def decode(name: str, data: bytes) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Metadata and tensors (read-only views of ``data``). Raises CapsuleError; ``name`` is for its message."""
    header, body = _split(name, data)
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise CapsuleError(name, _METADATA, "expected an object of texts")
    tensors: dict[str, Tensor] = {}
    spans: list[tuple[int, int]] = []
    for key, entry in header.items():
        dtype, shape, begin, end = _entry(name, key, entry)
        if end > len(body) or math.prod(shape) * dtype.itemsize != end - begin:
            raise CapsuleError(name, key, f"data_offsets {[begin, end]} do not fit shape {shape} and {len(body)} bytes")
        tensors[key] = np.frombuffer(body[begin:end], dtype).reshape(shape)
        spans.append((begin, end))
    position = 0
    for begin, end in sorted(spans):
        if begin != position:
            raise CapsuleError(name, "data_offsets", f"a gap or an overlap at byte {min(begin, position)}")
        position = end
    if position != len(body):
        raise CapsuleError(name, "data_offsets", f"{len(body) - position} bytes belong to no tensor")
    return metadata, tensors


def _split(name: str, data: bytes) -> tuple[dict[str, Any], memoryview]:
    if len(data) < 8:
        raise CapsuleError(name, "file", f"is {len(data)} bytes; not a safetensors file")
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise CapsuleError(
            name, "file", f"header length {length}; at most {MAX_HEADER_BYTES} and what the file holds is accepted"
        )
    try:
        header = json.loads(data[8 : 8 + length].decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise CapsuleError(name, "file", f"the header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise CapsuleError(name, "file", "the header is not a JSON object")
    return header, memoryview(data)[8 + length :]


def _entry(name: str, key: str, entry: Any) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise CapsuleError(name, key[:64], "expected dtype, shape and data_offsets")
    dtype = _DTYPES.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if dtype is None:
        raise CapsuleError(name, key[:64], f"dtype {shown(entry['dtype'])}; accepted: {', '.join(_DTYPES)}")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not _counts(shape, 1, 2) or not _counts(offsets, 2, 2) or offsets[0] > offsets[1]:
        raise CapsuleError(name, key[:64], f"shape {shown(shape)} or data_offsets {shown(offsets)} is not sound")
    return dtype, tuple(shape), offsets[0], offsets[1]


def _counts(value: Any, fewest: int, most: int) -> bool:
    """Whether ``value`` is a list of ``fewest`` to ``most`` non-negative integers of a sane size."""
    return (
        isinstance(value, list)
        and fewest <= len(value) <= most
        and all(type(item) is int and 0 <= item <= _MAX_DIMENSION for item in value)
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands there twice")
    return result
