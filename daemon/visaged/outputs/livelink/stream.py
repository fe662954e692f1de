"""What a receiver knows about one face's packets: rate, jitter, loss, order. Pure; fed by ``receiver.py``."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from visaged.clock import NS_PER_MS, NS_PER_S
from visaged.metrics import Distribution, Histogram
from visaged.outputs.livelink.packet import LiveLinkPacket

# Rate and gap figures cover this long.
_WINDOW_NS: Final = 2 * NS_PER_S

# Of a flood the newest count: rates up to 1,000 a second are right.
_MAX_TIMES: Final = 2048

# A scene time that moves by more than this is a new day, a clock that was set or a sender started again: not loss.
_JUMP_S: Final = 10

# RFC 3550, 6.4.1: the gain of the jitter estimate.
_JITTER_GAIN: Final = 1 / 16


class StreamFigures(NamedTuple):
    """One face as received, now."""

    packets: int
    fps: float
    """Over the last two seconds; 0 when fewer than two packets came in them."""
    jitter_ms: float
    """Interarrival jitter as in RFC 3550: the smoothed change of the transit time."""
    gap_p99_ms: float | None
    """99 % of the intervals differ less than this from the sender's period, since the beginning."""
    gap_max_ms: float
    lost: int
    """Frames of the sender's count that did not come."""
    duplicates: int
    reordered: int
    jumps: int
    """How often scene time jumped (midnight, clock set, sender started again)."""


class Stream:
    """The packets of one device id, in the order of arrival."""

    def __init__(self) -> None:
        self.packet: LiveLinkPacket | None = None
        """The newest face, None before the first."""
        self.time_ns = 0
        """When that came."""
        self._times: deque[int] = deque(maxlen=_MAX_TIMES)
        self._gap_error = Histogram()
        self._packets = self._lost = self._duplicates = self._reordered = self._jumps = 0
        self._jitter_ns = 0.0

    def add(self, packet: LiveLinkPacket, time_ns: int) -> None:
        """Take in a packet that came at ``time_ns`` (any clock, growing). Without a rate it is only counted."""
        before, before_ns = self.packet, self.time_ns
        self._packets += 1
        self._times.append(time_ns)
        self._forget(time_ns)
        if before is not None and packet.rate_hz:
            frames = (packet.frame - before.frame) + (packet.sub_frame - before.sub_frame)
            if packet.rate_hz != before.rate_hz or abs(frames) > _JUMP_S * packet.rate_hz:
                self._jumps += 1
            else:
                self._count(frames, packet, time_ns - before_ns)
                if frames < 0:
                    return
        self.packet, self.time_ns = packet, time_ns

    def figures(self, time_ns: int) -> StreamFigures:
        """As of ``time_ns``."""
        self._forget(time_ns)
        times, gaps = self._times, self.gap_error
        span_ns = times[-1] - times[0] if times else 0
        return StreamFigures(
            packets=self._packets,
            fps=(len(times) - 1) * NS_PER_S / span_ns if span_ns else 0.0,
            jitter_ms=self._jitter_ns / NS_PER_MS,
            gap_p99_ms=gaps.percentile_ms(99),
            gap_max_ms=gaps.largest_us / 1000,
            lost=self._lost,
            duplicates=self._duplicates,
            reordered=self._reordered,
            jumps=self._jumps,
        )

    @property
    def gap_error(self) -> Distribution:
        """How much the intervals differed from the sender's period, since the beginning."""
        return self._gap_error.read()

    def _count(self, frames: float, packet: LiveLinkPacket, interval_ns: int) -> None:
        step = round(frames)
        if step == 0:
            self._duplicates += 1
            return
        if step < 0:
            # It was counted as lost when the packets after it came.
            self._reordered += 1
            self._lost = max(self._lost - 1, 0)
            return
        self._lost += step - 1
        period_ns = NS_PER_S / float(packet.rate_hz)
        self._gap_error.record_ns(abs(interval_ns - period_ns))
        self._jitter_ns += (abs(interval_ns - frames * period_ns) - self._jitter_ns) * _JITTER_GAIN

    def _forget(self, time_ns: int) -> None:
        times = self._times
        while times and times[0] < time_ns - _WINDOW_NS:
            times.popleft()
