"""The answers of one Realtime connection: what is under way, what came of each item, what is not wanted any more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr

from visaged.conversation.brains.protocol import RATE_HZ, Heard, Pcm
from visaged.conversation.brains.realtime import wire

# A late delta comes within seconds.
_REMEMBERED: Final = 32


@dataclass
class _Item:
    content_index: int
    samples: int = 0
    odd: bytes = b""
    """Half a sample that came last."""
    resampler: soxr.ResampleStream | None = None


class Answers:
    """The link's thread and, for ``cut``, any other under the brain's lock."""

    def __init__(self) -> None:
        self.active = ""
        """ID of the response that is being made; empty: none is."""
        self.sounded = False
        """Whether the newest response had sound."""
        self.rate_hz = RATE_HZ
        """Of what the server sends."""
        self._cancelled: deque[str] = deque(maxlen=_REMEMBERED)
        self._items: dict[str, _Item] = {}

    def begin(self, response_id: str) -> None:
        """A response is being made."""
        self.active, self.sounded = response_id, False

    def end(self, response_id: str) -> None:
        """It is complete."""
        if self.active in ("", response_id):
            self.active = ""

    def wanted(self, response_id: str) -> bool:
        """Whether what comes of it counts."""
        return response_id not in self._cancelled

    def sound(self, item_id: str, content_index: int, data: bytes) -> Pcm:
        """More sound of an item: at 24 kHz."""
        self.sounded = True
        item = self._items.setdefault(item_id, _Item(content_index))
        while len(self._items) > _REMEMBERED:
            del self._items[next(iter(self._items))]
        data = item.odd + data
        item.odd = data[len(data) // 2 * 2 :]
        pcm = wire.to_pcm(data)
        if self.rate_hz != RATE_HZ:
            if item.resampler is None:
                item.resampler = soxr.ResampleStream(self.rate_hz, RATE_HZ, 1, dtype="int16")
            pcm = np.asarray(item.resampler.resample_chunk(pcm), np.int16)
        item.samples += len(pcm)
        return pcm

    def cut(self) -> str:
        """Nothing of the response that is being made is wanted any more; its ID, empty: there was none."""
        response_id, self.active = self.active, ""
        if response_id:
            self._cancelled.append(response_id)
        return response_id

    def truncation(self, heard: Heard) -> wire.Message | None:
        """What tells the server how much was heard; None: all that there is, or nothing that it knows."""
        item = self._items.pop(heard.utterance, None)
        if item is None:
            return None
        if heard.played_ms == 0:
            return wire.delete(heard.utterance)
        exists_ms = item.samples * 1000 // RATE_HZ
        return wire.truncate(heard.utterance, item.content_index, min(heard.played_ms, exists_ms))
