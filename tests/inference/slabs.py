"""The device back ends to test: the host always, CUDA where there is one."""

from __future__ import annotations

import importlib.util

import pytest

from visaged.inference.memory import CudaSlab, DeviceMemoryError, HostSlab, Slab


def cuda_missing() -> str:
    """Why CUDA cannot be tested here; '' when it can."""
    if importlib.util.find_spec("torch") is None:
        return "torch is not installed"
    try:
        CudaSlab(64).close()
    except DeviceMemoryError as error:
        return str(error)
    return ""


def open_kind(kind: str, capacity: int) -> Slab:
    """A slab of that kind; skips the test, saying why, when it cannot be had here."""
    if kind == "host":
        return HostSlab(capacity)
    reason = cuda_missing()
    if reason:
        pytest.skip(reason)
    return CudaSlab(capacity)


KINDS = ("host", "cuda")
