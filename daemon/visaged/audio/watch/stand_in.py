"""Which device a stage used before that one was lost, and what to do while another one stands in for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from visaged.audio.errors import OpenAnew
from visaged.audio.watch.cards import Cards, cards
from visaged.clock import NS_PER_S
from visaged.problems import Problems

_LOOK_EVERY_NS: Final = NS_PER_S


class StandIn:
    """The memory of one stage, for its thread. ``used``: the device that is wanted back (``portaudio:USB Audio``)."""

    def __init__(self, code: str, key: str, problems: Problems, list_cards: Callable[[], Cards] = cards) -> None:
        """``code``: the problem that another device is in use; ``key``: the setting that names the device."""
        self.used: str | None = None
        self._code = code
        self._key = key
        self._problems = problems
        self._list_cards = list_cards
        self._chosen_with = self._seen = list_cards()
        self._looked_ns = 0

    def choosing(self) -> None:
        """A device is about to be chosen, from the sound cards that there are now."""
        self._chosen_with = self._seen = self._list_cards()

    def works(self, name: str, *, stands_in: bool) -> None:
        """``name`` delivers. ``stands_in``: a better one was looked for and not there."""
        if self.used is None or not stands_in:
            self.used = name
        if name == self.used:
            self._problems.clear(self._code)
            return
        self._problems.open(
            self._code,
            f"'{name}' is used instead of '{self.used}', which is gone",
            f"Plug it in again, it is taken back by itself; or name the one that you want in {self._key}.",
        )

    def look(self, time_ns: int) -> None:
        """While another stands in: raises OpenAnew when sound cards came or went, and have settled since.

        A new card's rights are set a moment after it appears.
        """
        if time_ns - self._looked_ns < _LOOK_EVERY_NS:
            return
        self._looked_ns = time_ns
        before, self._seen = self._seen, self._list_cards()
        if self._seen == before != self._chosen_with:
            raise OpenAnew("sound cards came or went")

    def over(self) -> None:
        """Nothing stands in any longer."""
        self._problems.clear(self._code)

    def forget(self) -> None:
        """Another device is wanted now."""
        self.used = None
        self.over()
