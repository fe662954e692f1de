"""The answer that waits to be played, and exactly how much of it was: faster or slower than real time, as it comes.

Every sample that the voice ring gets is entered under its utterance, so the ring's index that leaves the speaker now
says how many samples of which utterance were heard.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from visaged.conversation.brains.protocol import RATE_HZ, Heard, Pcm

MOST_S: Final = 600
"""A brain may send an answer at once: this much waits (29 MB), the rest is dropped and counted."""
# What must be there before an utterance begins, and after it ran dry: sound that comes in real time stumbles.
_AHEAD: Final = RATE_HZ * 60 // 1000
# Ten seconds of stretches that were laid: the speaker is behind by two at most.
_REMEMBERED: Final = 64


@dataclass
class _Stretch:
    """Samples of one utterance that lie one after the other in the ring."""

    utterance: str
    first: int
    """Of the ring, at its own rate."""
    length: int
    before: int
    """Samples of the utterance that were laid before, at 24 kHz."""


class AnswerBuffer:
    """Any thread feeds and cuts, the mouth's thread takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, Pcm]] = deque()
        self._samples = 0
        self._over: set[str] = set()
        self._flowing = False
        self._stretches: deque[_Stretch] = deque(maxlen=_REMEMBERED)
        self._laid: dict[str, int] = {}
        self.dropped = 0
        """Samples that did not fit."""
        self.starved = 0
        """How often an utterance ran dry before it was over."""

    @property
    def waiting(self) -> int:
        """Samples (24 kHz) that wait."""
        return self._samples

    def feed(self, utterance: str, pcm: Pcm) -> None:
        """More of ``utterance``."""
        with self._lock:
            room = MOST_S * RATE_HZ - self._samples
            if len(pcm) > room:
                self.dropped += len(pcm) - room
                pcm = pcm[:room]
            if len(pcm):
                self._waiting.append((utterance, pcm))
                self._samples += len(pcm)

    def over(self, utterance: str) -> None:
        """No more of it comes."""
        with self._lock:
            self._over.add(utterance)

    def take(self, out: Pcm, ring_index: int) -> bool:
        """Fill ``out`` with what is due at ``ring_index`` (of a ring at twice the rate); False: nothing is."""
        with self._lock:
            if not self._waiting:
                if self._flowing and self._stretches and self._stretches[-1].utterance not in self._over:
                    self.starved += 1
                self._flowing = False
                return False
            utterance = self._waiting[0][0]
            if not self._flowing and self._samples < _AHEAD and utterance not in self._over:
                return False
            self._flowing = True
            filled = 0
            out[:] = 0
            while filled < len(out) and self._waiting and self._waiting[0][0] == utterance:
                filled += self._move(out[filled:])
            self._enter(utterance, ring_index, filled)
            return True

    def cut(self, ring_index: float | None) -> tuple[Heard, ...]:
        """Forget what waits; how much was heard of all that is not over when ``ring_index`` leaves the speaker."""
        with self._lock:
            heard: dict[str, int] = {}
            for stretch in self._stretches:
                left = -1 if ring_index is None else int(ring_index) - stretch.first
                if left < stretch.length:
                    before = stretch.before + max(left, 0) // 2
                    heard[stretch.utterance] = min(heard.get(stretch.utterance, before), before)
            for utterance, _ in self._waiting:
                heard.setdefault(utterance, self._laid.get(utterance, 0))
            self._waiting.clear()
            self._stretches.clear()
            self._over.clear()
            self._samples, self._flowing = 0, False
        return tuple(Heard(utterance, samples * 1000 // RATE_HZ) for utterance, samples in heard.items())

    def _move(self, room: Pcm) -> int:
        utterance, pcm = self._waiting[0]
        count = min(len(room), len(pcm))
        room[:count] = pcm[:count]
        if count == len(pcm):
            self._waiting.popleft()
        else:
            self._waiting[0] = (utterance, pcm[count:])
        self._samples -= count
        return count

    def _enter(self, utterance: str, ring_index: int, count: int) -> None:
        before = self._laid.get(utterance, 0)
        last = self._stretches[-1] if self._stretches else None
        if last is not None and last.utterance == utterance and last.first + last.length == ring_index:
            last.length += 2 * count
        else:
            self._stretches.append(_Stretch(utterance, ring_index, 2 * count, before))
        self._laid[utterance] = before + count
        while len(self._laid) > _REMEMBERED:
            del self._laid[next(iter(self._laid))]


def empty(count: int) -> Pcm:
    """Silence: int16 [count]."""
    return np.zeros(count, np.int16)
