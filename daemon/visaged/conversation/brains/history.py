"""What was said in a conversation, as far as a brain must be told of it: the last ten exchanges, in memory alone."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final, Literal

_MOST: Final = 20
_MOST_CHARS: Final = 2000

Role = Literal["user", "assistant"]


class History:
    """Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: deque[tuple[Role, str]] = deque(maxlen=_MOST)

    def add(self, role: Role, text: str) -> None:
        """``text`` was said; of a long one the beginning is kept."""
        if text := text.strip():
            with self._lock:
                self._said.append((role, text[:_MOST_CHARS]))

    def read(self) -> list[tuple[Role, str]]:
        """All of it, the oldest first."""
        with self._lock:
            return list(self._said)

    def clear(self) -> None:
        """Forget."""
        with self._lock:
            self._said.clear()
