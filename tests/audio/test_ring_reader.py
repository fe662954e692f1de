"""Blocks in their order, and the present for whoever fell behind."""

from __future__ import annotations

import numpy as np

from visaged.audio.ring import AudioRing, Sound
from visaged.audio.ring_reader import TOO_LATE, RingReader

BLOCK = 480


def _numbered(start: int, count: int) -> Sound:
    return np.arange(start, start + count, dtype=np.float32)


def _reader(ring: AudioRing, skipped: list[int], position: int = 0) -> RingReader:
    def skip(at: int) -> int:
        skipped.append(at)
        return ring.end - BLOCK

    return RingReader(ring, position, skip)


def test_blocks_come_one_after_the_other_and_none_is_made_up() -> None:
    ring, skipped, block = AudioRing(), list[int](), np.zeros(BLOCK, np.float32)
    reader = _reader(ring, skipped)
    ring.write(_numbered(0, 2 * BLOCK + 1))
    for start in (0, BLOCK):
        assert reader.read(block)
        assert (block == _numbered(start, BLOCK)).all()
    assert not reader.read(block)
    assert (reader.position, skipped) == (2 * BLOCK, [])


def test_a_backlog_is_skipped() -> None:
    ring, skipped, block = AudioRing(), list[int](), np.zeros(BLOCK, np.float32)
    reader = _reader(ring, skipped)
    ring.write(_numbered(0, TOO_LATE + 1))
    assert reader.read(block)
    assert block[-1] == TOO_LATE
    assert (reader.position, skipped) == (ring.end, [0])


def test_what_is_overwritten_during_the_copy_is_skipped() -> None:
    class Torn(AudioRing):
        torn = False

        def read(self, start: int, out: Sound) -> int:
            if not self.torn:
                self.torn = True
                raise LookupError("overwritten meanwhile")
            return super().read(start, out)

    ring, skipped, block = Torn(), list[int](), np.zeros(BLOCK, np.float32)
    reader = _reader(ring, skipped)
    ring.write(_numbered(0, 3 * BLOCK))
    assert reader.read(block)
    assert (block == _numbered(2 * BLOCK, BLOCK)).all()
    assert skipped == [0]
