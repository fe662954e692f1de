"""Device memory: a slab holds what was written, the allocator never hands out a byte twice or beyond the cap."""

from __future__ import annotations

import importlib.util
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inference.slabs import KINDS, open_kind
from visaged.inference import memory
from visaged.inference.memory import ALIGNMENT, Allocator, DeviceMemoryError, HostSlab, Slab, open_slab


@pytest.fixture(params=KINDS)
def slab(request: pytest.FixtureRequest) -> Iterator[Slab]:
    slab = open_kind(request.param, 4096)
    yield slab
    slab.close()


def test_what_is_written_is_read(slab: Slab) -> None:
    data = np.arange(200, dtype=np.uint8)
    slab.write(64, data)
    slab.write(264, data[::-1].copy())
    np.testing.assert_array_equal(slab.read(64, 200), data)
    np.testing.assert_array_equal(slab.read(264, 200), data[::-1])
    assert slab.capacity == 4096


def test_what_is_read_cannot_be_written(slab: Slab) -> None:
    slab.write(0, np.zeros(10, np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        slab.read(0, 10)[0] = 1


def test_reading_the_host_is_a_view() -> None:
    slab = HostSlab(128)
    view = slab.read(0, 128)
    slab.write(5, np.array([7], np.uint8))
    assert view[5] == 7


def test_cuda_by_name_is_had_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DeviceMemoryError, match="needs torch"):
        open_slab(64, "cuda")
    assert open_slab(64, "host").device == "host"


def test_auto_without_a_driver_does_not_import_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_NVIDIA_DEVICES", ("/dev/no-such-device",))
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would raise
    assert open_slab(64, "auto").device == "host"


def test_auto_falls_back_with_a_word(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def none(_capacity: int) -> Slab:
        raise DeviceMemoryError("no device")

    monkeypatch.setattr(memory, "_NVIDIA_DEVICES", ("/dev/null",))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(memory, "CudaSlab", none)
    assert open_slab(64, "auto").device == "host"
    assert "no device" in caplog.text


def test_the_host_gives_what_it_has() -> None:
    assert open_slab(1 << 20, "host", host_at_most=1000).capacity == 1000
    room = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + (256 << 20), room[1]))
    try:
        slab = open_slab(64 << 30, "host")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, room)
    assert 16 << 20 <= slab.capacity <= 256 << 20
    slab.close()


def test_sizes_are_rounded_up_and_the_cap_down() -> None:
    allocator = Allocator(3 * ALIGNMENT + 5)
    assert [allocator.allocate(size) for size in (1, ALIGNMENT, 64)] == [0, 64, 128]
    assert allocator.allocate(1) is None
    assert allocator.used == 3 * ALIGNMENT
    assert Allocator(10).allocate(1) is None


def test_the_best_piece_is_taken_and_neighbours_are_joined() -> None:
    allocator = Allocator(10 * ALIGNMENT)
    pieces = [allocator.allocate(ALIGNMENT * size) for size in (3, 1, 2, 1, 3)]
    assert None not in pieces
    allocator.free(0, ALIGNMENT * 3)
    allocator.free(4 * ALIGNMENT, ALIGNMENT * 2)
    assert allocator.fragmentation == pytest.approx(1 - 3 / 5)
    assert allocator.allocate(ALIGNMENT * 2) == 4 * ALIGNMENT  # not the larger piece at 0
    allocator.free(4 * ALIGNMENT, ALIGNMENT * 2)
    allocator.free(3 * ALIGNMENT, ALIGNMENT)
    assert allocator.largest_free == 6 * ALIGNMENT
    assert allocator.fragmentation == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 900)), max_size=60))
def test_nothing_is_handed_out_twice(steps: list[tuple[bool, int]]) -> None:
    allocator = Allocator(4096)
    held: dict[int, int] = {}
    for take, size in steps:
        if take or not held:
            offset = allocator.allocate(size)
            if offset is None:
                assert allocator.largest_free < Allocator.rounded(size)
                continue
            end = offset + Allocator.rounded(size)
            assert offset % ALIGNMENT == 0
            assert end <= 4096
            assert all(end <= other or offset >= other + Allocator.rounded(s) for other, s in held.items())
            held[offset] = size
        else:
            offset = list(held)[size % len(held)]
            allocator.free(offset, held.pop(offset))
        assert allocator.used == sum(map(Allocator.rounded, held.values()))
        assert 0 <= allocator.fragmentation <= 1
    for offset, size in held.items():
        allocator.free(offset, size)
    assert allocator.largest_free == 4096
