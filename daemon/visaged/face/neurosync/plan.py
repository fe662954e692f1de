"""How often a window is solved and how far behind the voice its frames are shown: from what a window costs here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from visaged.face.neurosync.features.upsample import DELAY_MS
from visaged.face.solver import FRAME_RATE_HZ

FRAME_MS: Final = 1000 / FRAME_RATE_HZ

# 50 ms: more windows than that a second would show nothing new.
MIN_HOP: Final = 3
# 0.8 s: beyond, 80 frames of the window would be left as past, and the face would be 1.7 s late.
MAX_HOP: Final = 48
# A window may take this much longer than it usually does before a frame is missed.
_HEADROOM: Final = 1.3
# A hop is heard up to one capture block late.
_JITTER_MS: Final = 5.0
# The newest frames of a window are not shown: two lack part of their features, and the model has not heard what comes
# after. They are what the next window is blended in over, so long hops, whose seams differ more, get more of them.
_CONTEXT: Final = 3
_LONG_CONTEXT: Final = 6
_LONG_HOP: Final = 12
# The bound for a live face; a plan beyond it works, and health says that it is late.
PROMPT_MS: Final = 200.0


@dataclass(frozen=True)
class Plan:
    """All counts in 60 fps frames."""

    hop: int
    """From window to window."""
    wait: int
    """From a window's launch to its frames being needed, at most ``hop``."""

    @property
    def context(self) -> int:
        """The newest frames of a window, which are not shown but blended from."""
        return _LONG_CONTEXT if self.hop >= _LONG_HOP else _CONTEXT

    @property
    def lookahead(self) -> int:
        """Frames from the newest that is heard to the one that is shown."""
        return self.context + self.hop + self.wait

    @property
    def lookahead_ms(self) -> float:
        """The same in ms, with the resampler's delay."""
        return self.lookahead * FRAME_MS + DELAY_MS


def plan_for(window_ms: float) -> Plan | None:
    """The quickest plan that a box keeps up with whose windows take ``window_ms``; None: there is none."""
    wait = math.ceil((_HEADROOM * window_ms + _JITTER_MS) / FRAME_MS)
    hop = max(wait, MIN_HOP)
    return Plan(hop, wait) if hop <= MAX_HOP else None


def plan_of(hop_ms: float) -> Plan:
    """The plan with a hop of ``hop_ms``, whatever the box: as much time to answer as from window to window."""
    hop = min(max(round(hop_ms / FRAME_MS), MIN_HOP), MAX_HOP)
    return Plan(hop, hop)
