"""Counts the messages that could not be read, and names where they came from."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

from visaged.printable import NAME, printable

# Topics that are named; of the rest there is a number.
_NAMED: Final = 5
# Topics that are told apart: anybody may make up new ones.
_KEPT: Final = 1000


class BadMessages:
    """Any thread may count and read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_topic: Counter[str] = Counter()
        self._reasons: dict[str, str] = {}
        self.total = 0
        """How many there were."""

    def count(self, topic: str, reason: str) -> None:
        """One more on ``topic`` (below the base); ``reason`` is printable."""
        with self._lock:
            self.total += 1
            if topic in self._by_topic or len(self._by_topic) < _KEPT:
                self._by_topic[topic] += 1
                self._reasons[topic] = reason

    def line(self) -> str:
        """What to tell a person; empty when there was none."""
        with self._lock:
            if not self.total:
                return ""
            worst = self._by_topic.most_common(_NAMED)
            named = [f"{printable(topic, NAME)} ({count}; {self._reasons[topic]})" for topic, count in worst]
            others = self.total - sum(count for _, count in worst)
        if others:
            named.append(f"{others} on other topics")
        return f"messages that could not be read: {', '.join(named)}"
