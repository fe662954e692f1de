"""Device memory with a byte-exact cap: one slab taken at the start, handed out and taken back in pieces.

Two back ends behind one interface: ``HostSlab`` (numpy) and ``CudaSlab`` (torch, imported only when asked for). A slab
never grows, so what is cached on the device can neither exceed its cap nor fragment the memory that models need.
"""

from __future__ import annotations

import bisect
import importlib
import importlib.util
import logging
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

_log = logging.getLogger(__name__)

Bytes = NDArray[np.uint8]
"""uint8 [size]."""

# Copies start on a cache line, and float16 / int16 views of a piece are aligned.
ALIGNMENT: Final = 64
# Present where an NVIDIA driver runs: desktop, then the Jetson families.
_NVIDIA_DEVICES: Final = ("/dev/nvidiactl", "/dev/nvhost-gpu", "/dev/nvmap")


class DeviceMemoryError(Exception):
    """The device that was asked for is not there or has too little memory: says which, and the remedy."""


class Slab(Protocol):
    """A fixed block of bytes on a device."""

    device: str
    """``host`` or ``cuda:0``."""
    capacity: int

    def write(self, offset: int, data: Bytes) -> None:
        """Copy ``data`` to ``offset``; done when it returns."""
        ...

    def read(self, offset: int, size: int) -> Bytes:
        """``size`` bytes from ``offset``, readable by the CPU: a view where the device is the host, else a copy."""
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...


class HostSlab:
    """Host memory; ``read`` is a view and costs nothing."""

    device = "host"

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._memory: Bytes = np.empty(capacity, np.uint8)

    def write(self, offset: int, data: Bytes) -> None:
        self._memory[offset : offset + len(data)] = data

    def read(self, offset: int, size: int) -> Bytes:
        view = self._memory[offset : offset + size]
        view.flags.writeable = False
        return view

    def close(self) -> None:
        self._memory = np.empty(0, np.uint8)


class CudaSlab:
    """CUDA memory through torch, copied on a stream of its own so that models on the device are not waited for."""

    def __init__(self, capacity: int, index: int = 0) -> None:
        """Raises DeviceMemoryError when torch, CUDA or the memory is missing."""
        self.device = f"cuda:{index}"
        self.capacity = capacity
        if importlib.util.find_spec("torch") is None:
            raise DeviceMemoryError("device cuda needs torch; install it (docs/install.md) or set device = 'host'")
        torch: Any = importlib.import_module("torch")

        if not torch.cuda.is_available() or index >= torch.cuda.device_count():
            raise DeviceMemoryError(f"torch {torch.__version__} sees no {self.device}; set device = 'host' or 'auto'")
        self._torch = torch
        try:
            self._memory: Any = torch.empty(capacity, dtype=torch.uint8, device=self.device)
            self._stream: Any = torch.cuda.Stream(self.device, priority=-1)
        except RuntimeError as error:
            raise DeviceMemoryError(f"{self.device} has no {capacity} bytes to give: {error}") from error

    def write(self, offset: int, data: Bytes) -> None:
        source = self._torch.from_numpy(np.array(data))  # torch wants writable memory
        with self._torch.cuda.stream(self._stream):
            self._memory[offset : offset + len(data)].copy_(source)
        self._stream.synchronize()

    def read(self, offset: int, size: int) -> Bytes:
        with self._torch.cuda.stream(self._stream):
            data: Bytes = self._memory[offset : offset + size].cpu().numpy()
        data.flags.writeable = False
        return data

    def close(self) -> None:
        self._memory = None
        self._torch.cuda.empty_cache()


def open_slab(capacity: int, device: Literal["auto", "host", "cuda"] = "auto", host_at_most: int | None = None) -> Slab:
    """A slab on ``device``; ``auto`` is CUDA where driver and torch are there and work, else the host.

    On the host it has at most ``host_at_most`` bytes, and fewer where the system gives no more.
    Raises DeviceMemoryError when ``cuda`` was asked for by name and cannot be had.
    """
    on_host = capacity if host_at_most is None else min(capacity, host_at_most)
    if device == "host":
        return _host_slab(on_host)
    if device == "cuda":
        return CudaSlab(capacity)
    # Importing torch takes seconds and 200 MB: not without a driver.
    if any(Path(path).exists() for path in _NVIDIA_DEVICES) and importlib.util.find_spec("torch") is not None:
        try:
            return CudaSlab(capacity)
        except DeviceMemoryError as error:
            _log.warning("device memory: %s; using the host", error)
    return _host_slab(on_host)


def _host_slab(capacity: int) -> HostSlab:
    """As much of ``capacity`` as the system gives, by halves."""
    while True:
        try:
            return HostSlab(capacity)
        except MemoryError:
            capacity //= 2


class Allocator:
    """Hands out pieces of ``capacity`` bytes: best fit, neighbours joined when freed. Not thread-safe: its owner locks.

    Sizes are rounded up to ``ALIGNMENT``; what is handed out, rounding included, never exceeds ``capacity``.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity - capacity % ALIGNMENT
        self.used = 0
        self._starts: list[int] = [0] if self.capacity else []  # free pieces, by offset
        self._sizes: dict[int, int] = {0: self.capacity} if self.capacity else {}

    @staticmethod
    def rounded(size: int) -> int:
        """What a piece of ``size`` bytes takes."""
        return -(-max(size, 1) // ALIGNMENT) * ALIGNMENT

    def allocate(self, size: int) -> int | None:
        """Offset of a piece of ``size`` bytes; None when no free piece is large enough."""
        size = self.rounded(size)
        best = min(
            (start for start in self._starts if self._sizes[start] >= size),
            key=lambda start: self._sizes[start],
            default=None,
        )
        if best is None:
            return None
        left = self._sizes.pop(best) - size
        position = bisect.bisect_left(self._starts, best)
        if left:
            self._starts[position] = best + size
            self._sizes[best + size] = left
        else:
            del self._starts[position]
        self.used += size
        return best

    def free(self, offset: int, size: int) -> None:
        """Take back the piece of ``size`` bytes at ``offset``, exactly as it was handed out."""
        size = self.rounded(size)
        self.used -= size
        position = bisect.bisect_left(self._starts, offset)
        if position < len(self._starts) and self._starts[position] == offset + size:
            size += self._sizes.pop(self._starts.pop(position))
        if position and self._starts[position - 1] + self._sizes[self._starts[position - 1]] == offset:
            self._sizes[self._starts[position - 1]] += size
            return
        self._starts.insert(position, offset)
        self._sizes[offset] = size

    @property
    def largest_free(self) -> int:
        """Bytes of the largest piece that could be handed out now."""
        return max(self._sizes.values(), default=0)

    @property
    def fragmentation(self) -> float:
        """0 when all that is free is one piece; towards 1 as it is scattered."""
        free = self.capacity - self.used
        return 1 - self.largest_free / free if free else 0.0
