"""How long to wait before the next try to reach the broker."""

from __future__ import annotations

import random
from typing import Final

# A broker that restarts is often back within a second.
FIRST_S: Final = 0.5
# With the time a connection takes this stays below the 5 s within which a box must be back.
LONGEST_S: Final = 4.0


class Backoff:
    """Waits that double up to LONGEST_S, each drawn from its upper half, so that many boxes do not come at once."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._random = source or random.Random()
        self._next_s = FIRST_S

    def wait_s(self) -> float:
        """The next wait in s."""
        longest = self._next_s
        self._next_s = min(longest * 2, LONGEST_S)
        return self._random.uniform(longest / 2, longest)

    def reset(self) -> None:
        """The broker was reached: begin small again."""
        self._next_s = FIRST_S
