"""What is said, as events ``caption`` where the box's file asks for them; nothing is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Literal

from visaged.printable import printable

_MOST_CHARS: Final = 4000
# Answers under way: a brain has one or two.
_MOST: Final = 16


class Captions:
    """Any thread."""

    def __init__(self, tell: Callable[..., None], *, enabled: bool) -> None:
        """``tell(kind, **values)``: an event."""
        self._tell = tell
        self._enabled = enabled
        self._lock = threading.Lock()
        self._words: dict[str, str] = {}

    def add(self, utterance: str, text: str) -> None:
        """More words of an answer."""
        with self._lock:
            if utterance in self._words or len(self._words) < _MOST:
                self._words[utterance] = (self._words.get(utterance, "") + text)[:_MOST_CHARS]

    def over(self, utterance: str) -> None:
        """The answer is complete."""
        with self._lock:
            words = self._words.pop(utterance, "")
        self.told("avatar", words)

    def drop(self) -> None:
        """The answers under way were cut off."""
        with self._lock:
            self._words.clear()

    def told(self, who: Literal["guest", "avatar"], text: str) -> None:
        """Somebody said ``text``."""
        if self._enabled and (text := text.strip()):
            self._tell("caption", who=who, text=printable(text))
