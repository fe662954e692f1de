"""The ring against a plain list, wrap-around, waiting, and what it says about samples it has not."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.audio.ring import AudioRing, Overwritten

SMALL_S = 60 / 48_000  # 64 samples


def ramp(start: int, count: int) -> np.ndarray:
    return np.arange(start, start + count, dtype=np.float32)


def test_it_holds_eight_seconds_in_a_power_of_two():
    ring = AudioRing()
    assert ring.capacity == 524_288
    assert ring.capacity >= 8 * 48_000


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.integers(0, 150)),
            st.tuples(st.just("skip"), st.integers(0, 150)),
            st.tuples(st.just("read"), st.tuples(st.integers(0, 600), st.integers(0, 100))),
        ),
        max_size=40,
    )
)
def test_any_writes_skips_and_reads_agree_with_a_list(steps):
    ring = AudioRing(SMALL_S)
    model: list[float] = []
    for action, value in steps:
        if action == "write":
            block = ramp(len(model) + 1, value)
            ring.write(block)
            model += block.tolist()
        elif action == "skip":
            ring.skip(value)
            model += [0.0] * value
        else:
            start, count = value
            out = np.full(count, -1, np.float32)
            oldest = max(len(model) - ring.capacity, 0)
            if start < oldest:
                with pytest.raises(Overwritten) as raised:
                    ring.read(start, out)
                assert raised.value.oldest == oldest
            else:
                got = ring.read(start, out)
                expected = model[start : start + count]
                assert got == len(expected)
                assert out[:got].tolist() == expected
                assert (out[got:] == -1).all()
        assert ring.end == len(model)
        assert ring.oldest == max(len(model) - ring.capacity, 0)


def test_a_gap_longer_than_the_ring_leaves_silence():
    ring = AudioRing(SMALL_S)
    ring.write(ramp(1, 64))
    ring.skip(1_000_000)
    out = np.ones(64, np.float32)
    assert ring.read(ring.end - 64, out) == 64
    assert not out.any()


def test_what_is_not_finite_becomes_silence_and_is_counted():
    ring = AudioRing(SMALL_S)
    ring.write(np.array([0.5, np.nan, np.inf, -np.inf, 0.25], np.float32))
    out = np.zeros(5, np.float32)
    ring.read(0, out)
    assert out.tolist() == [0.5, 0, 0, 0, 0.25]
    assert ring.bad_samples == 3


def test_waiting_ends_when_the_sample_is_there():
    ring = AudioRing(SMALL_S)
    writer = threading.Timer(0.02, ring.write, [ramp(0, 10)])
    writer.start()
    assert ring.wait(10, threading.TIMEOUT_MAX)  # woken: this does not time out
    writer.join()
    assert ring.wait(10, 0)
    assert not ring.wait(11, 0.01)


class Interrupted(np.ndarray):
    """Memory whose filling is interrupted by a writer that goes once around the ring."""

    ring: AudioRing

    def __setitem__(self, key, value):
        self.ring.write(ramp(1000, 64))
        super().__setitem__(key, value)


def test_a_copy_that_was_overtaken_is_not_handed_out():
    ring = AudioRing(SMALL_S)
    ring.write(ramp(0, 64))
    out = np.zeros(10, np.float32).view(Interrupted)
    out.ring = ring
    with pytest.raises(Overwritten):
        ring.read(0, out)


def test_beside_a_fast_writer_readers_never_see_a_mixture():
    """Readers that run beside a fast writer see either right samples or Overwritten, never a mixture."""
    ring = AudioRing(SMALL_S)
    done = threading.Event()

    def write() -> None:
        start = 0
        while not done.is_set():
            ring.write(ramp(start, 7))
            start += 7
            if start > 16_000_000:  # beyond, float32 no longer holds every whole number
                return

    writer = threading.Thread(target=write)
    writer.start()
    overtaken = right = 0
    out = np.zeros(48, np.float32)
    for _ in range(20_000):
        start = max(ring.end - 56, 0)
        try:
            got = ring.read(start, out)
        except Overwritten:
            overtaken += 1
            continue
        assert (out[:got] == ramp(start, got)).all()
        right += 1
    done.set()
    writer.join()
    assert right
