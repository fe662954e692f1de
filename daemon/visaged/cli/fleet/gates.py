"""Whether a box has become worse by a change, judged against what the change asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from visaged.cli.fleet.boxes import Box
from visaged.cli.fleet.messages import BadMessage
from visaged.config.rates import parse_fps
from visaged.printable import NAME, printable

# Frame rate below this share of what is expected, or latency this much above it, is a box that got worse.
_FPS_SHARE: Final = 0.95
_LATENCY_FACTOR: Final = 1.5
_LATENCY_MS: Final = 10.0

# As a box writes its rate: 60 or 30000/1001. Bounded before it becomes a fraction.
_RATE: Final = re.compile(r"\d{1,7}(/\d{1,7})?")


@dataclass(frozen=True)
class Rates:
    """``livelink.fps`` of a box in packets per second, before a change and with it."""

    before: float
    now: float


def read_rate(value: Any) -> float:
    """A box's ``livelink.fps`` in packets per second. Raises BadMessage."""
    if isinstance(value, int) and 1 < value < 1000:
        value = str(value)
    if not isinstance(value, str):
        raise BadMessage("livelink.fps is no rate")
    text = value[:NAME]
    if not _RATE.fullmatch(text):
        raise BadMessage(f"livelink.fps is '{printable(text, NAME)}'")
    try:
        return float(parse_fps(text))
    except ValueError:
        raise BadMessage(f"livelink.fps is '{text}'") from None


def worse(before: Box, now: Box, rates: Rates | None = None) -> str:
    """What has become worse with a box; empty when nothing has. ``rates``: when the change is about the rate."""
    if not now.alive:
        return f"is {now.state}"
    new = now.problem_codes - before.problem_codes
    if new or (now.state == "degraded" and before.state == "online"):
        return f"is {now.state}, new problems: {', '.join(sorted(new)) or 'not told yet'}"
    return _slower(before, now, rates) or _later(before, now, rates)


def _slower(before: Box, now: Box, rates: Rates | None) -> str:
    fps_before = before.health.livelink.fps if before.health else None
    fps = now.health.livelink.fps if now.health else None
    # What it did not reach before is not the fault of the change.
    expected = fps_before * rates.now / rates.before if fps_before and rates else fps_before or (rates and rates.now)
    if not expected or fps is None or fps >= _FPS_SHARE * expected:
        return ""
    return f"sends {fps:.1f} frames per second, expected {expected:.1f}"


def _later(before: Box, now: Box, rates: Rates | None) -> str:
    late_before = before.health.latency.voice_to_packet_p95_ms if before.health else None
    late = now.health.latency.voice_to_packet_p95_ms if now.health else None
    if not before.health or not now.health or not late_before or not late:
        return ""
    asked_ms = (now.health.solver.lookahead_ms or 0.0) - (before.health.solver.lookahead_ms or 0.0)
    if rates:
        asked_ms += 1000 / rates.now - 1000 / rates.before
    expected = late_before + max(asked_ms, 0.0)
    if late <= max(_LATENCY_FACTOR * expected, expected + _LATENCY_MS):
        return ""
    return f"is late by {late:.0f} ms (p95), expected {expected:.0f} ms"
