"""The latency budget: how far behind the voice the face is shown. Arithmetic, not guesswork.

At a tick sent at time t the face shows the sound that was captured at t - budget. The budget is what a sample waits for
before its pose exists, in the worst case:

- the capture block that holds it, and what the resampler keeps back,
- the rest of the hop that it falls into, and the whole next one: the pose at an instant lies between two frames,
- the solver's look-ahead,
- a margin for the solver's step, and the lead by which the pose of a tick is rendered before it is sent.
"""

from __future__ import annotations

import math
from typing import Final

from visaged.clock import NS_PER_MS, RATE_HZ

# One solver step and two thread wake-ups, p99 on the slowest box that we know (docs/benchmarks.md), with room to spare.
MARGIN_MS: Final = 2.0


def budget_ms(lookahead_ms: float, hop: int, block: int, held_back_ms: float, lead_ms: float) -> float:
    """Voice to packet in ms. ``hop``: samples per solver step; ``block``: samples per capture block, both at 48 kHz."""
    # A hop ends at a multiple of `hop`; the block that holds its end arrives at a multiple of `block`. The longest wait
    # for the block is one block less the finest step that the two grids have in common.
    wait_for_block = block - math.gcd(block, hop)
    return lookahead_ms + (hop + wait_for_block) * 1000 / RATE_HZ + held_back_ms + lead_ms + MARGIN_MS


def budget_ns(lookahead_ms: float, hop: int, block: int, held_back_ms: float, lead_ms: float) -> int:
    """The same in ns."""
    return round(budget_ms(lookahead_ms, hop, block, held_back_ms, lead_ms) * NS_PER_MS)
