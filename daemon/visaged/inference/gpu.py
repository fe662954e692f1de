"""Which GPU and which TensorRT this box has, asked of their own libraries: no torch, no command."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Final

_NAME_BYTES: Final = 256
# cuda.h: CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
_MAJOR: Final = 75
_MINOR: Final = 76
# The versions that a Jetson (JetPack 5 to 7) or a PC may have.
_TENSORRT_LIBRARIES: Final = ("libnvinfer.so.10", "libnvinfer.so.8")


class GpuMissing(Exception):
    """No NVIDIA GPU or no TensorRT can be used here: says which, and the remedy."""


@dataclass(frozen=True)
class Gpu:
    """What an engine is built for."""

    name: str
    compute: tuple[int, int]
    """Compute capability: (8, 7) is an Orin."""


def find_gpu() -> Gpu:
    """The first GPU. Raises GpuMissing."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        raise GpuMissing("no NVIDIA driver is installed (libcuda.so.1 is missing)") from None
    device, name = ctypes.c_int(), ctypes.create_string_buffer(_NAME_BYTES)
    major, minor = ctypes.c_int(), ctypes.c_int()
    for problem in (
        cuda.cuInit(0),
        cuda.cuDeviceGet(ctypes.byref(device), 0),
        cuda.cuDeviceGetName(name, _NAME_BYTES, device),
        cuda.cuDeviceGetAttribute(ctypes.byref(major), _MAJOR, device),
        cuda.cuDeviceGetAttribute(ctypes.byref(minor), _MINOR, device),
    ):
        if problem:
            raise GpuMissing(f"the NVIDIA driver finds no GPU that it can use (CUDA error {problem})")
    return Gpu(name.value.decode("utf-8", "replace"), (major.value, minor.value))


def tensorrt_version() -> str:
    """Such as 10.3.0. Raises GpuMissing."""
    for library in _TENSORRT_LIBRARIES:
        try:
            number = int(ctypes.CDLL(library).getInferLibVersion())
        except (OSError, AttributeError):
            continue
        return version_text(number)
    raise GpuMissing(f"TensorRT is not installed ({' or '.join(_TENSORRT_LIBRARIES)} is missing)")


def version_text(number: int) -> str:
    """TensorRT's number as text: up to version 8 thousands are the major version, from 10 on ten thousands."""
    unit = 10_000 if number >= 10_000 else 1000
    return f"{number // unit}.{number % unit // 100}.{number % 100}"
