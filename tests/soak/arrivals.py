"""When packets arrive: a receiver that keeps nothing but the times, and finds the gaps."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass

import numpy as np

from visaged.clock import NS_PER_MS, NS_PER_S
from visaged.outputs.receiver import Receiver


@dataclass(frozen=True)
class Gap:
    """A silence on the wire."""

    time_ns: int
    """When it began, wall clock."""
    length_ms: float


class Arrivals(Receiver):
    """A context; its thread takes packets in with the kernel's time stamps."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1", 0)
        self.times = array("q")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._collect, daemon=True)

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()

    def close(self) -> None:
        """End, and give the port back."""
        self._ended.set()
        self._thread.join()
        super().close()

    def gaps(self, longer_than_ms: float) -> list[Gap]:
        """Every silence longer than that."""
        times = np.array(self.times, np.int64)
        lengths = np.diff(times)
        found = np.flatnonzero(lengths > longer_than_ms * NS_PER_MS)
        return [Gap(int(times[index]), float(lengths[index]) / NS_PER_MS) for index in found]

    def longest_ns(self, first: int = 0) -> int:
        """The longest silence from packet number ``first`` on; 0 when there is none."""
        return int(np.diff(np.array(self.times[max(first - 1, 0) :], np.int64)).max(initial=0))

    @property
    def seconds(self) -> float:
        """From the first packet to the last."""
        return (self.times[-1] - self.times[0]) / NS_PER_S if self.times else 0.0

    def _take(self, datagram: bytes, time_ns: int, sender: str) -> None:
        # The daemon's own doctor asks with an empty datagram whether somebody listens.
        if datagram:
            self.times.append(time_ns)

    def _collect(self) -> None:
        while not self._ended.is_set():
            self.receive(0.1)
