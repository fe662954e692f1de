"""One clip on the timeline: how strong it is at a time, and what it does to a pose. The animator's thread only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from visaged.capsules.clip import Clip
from visaged.capsules.file.header import FRAME_RATE_HZ, BlendMode, Layer, Trigger
from visaged.clock import NS_PER_MS, NS_PER_S
from visaged.curves import COUNT, Pose

# Never a hard cut: two frames, which is what a face can do and an eye does not see as a jump.
MIN_FADE_NS: Final = 33 * NS_PER_MS
# A weight that is changed while it plays moves no faster than this, per second.
_WEIGHT_PER_S: Final = 10.0
# People break a gesture off at about 40 %.
ABORT_SHARE: Final = 0.4

# Where two clips want one curve: multiply wins over override, override over additive (contract), so it comes later.
_MODE_RANK: Final[dict[BlendMode, int]] = {"additive": 0, "override": 1, "multiply": 2}

_tickets = itertools.count(1)


def new_ticket() -> int:
    """A number that names one playing of a clip."""
    return next(_tickets)


@dataclass
class ClipRequest:
    """That a clip shall be played: everything decided but when, which only the timeline knows."""

    ticket: int
    clip: Clip
    layer: Layer
    weight: float = 1.0
    at_ns: int | None = None
    """When, CLOCK_MONOTONIC; None: now."""
    offset_ns: int = 0
    """Added to ``at_ns`` (the lead-lag of its channel)."""
    trigger: Trigger | None = None
    """When set it decides, instead of ``at_ns`` and ``offset_ns``."""
    tempo: float = 1.0
    jitter: float = 0.0
    probability: float = 1.0
    abort_probability: float = 0.0
    owner: str = ""
    """What it came with (a context, a profile), and goes with."""
    replaces: int | None = None
    """Ticket of what was shown meanwhile."""

    @property
    def cid(self) -> str:
        """The capsule's ID."""
        return self.clip.header.cid


class ActiveClip:
    """A clip that has a start. ``start_ns`` may be moved until it began."""

    def __init__(self, request: ClipRequest, start_ns: int, order: int) -> None:
        clip = request.clip
        self.ticket = request.ticket
        self.cid = clip.header.cid
        self.clip = clip
        self.layer = request.layer
        self.owner = request.owner
        self.start_ns = start_ns
        self.fixed = clip.pcm is not None  # its voice is on its way: it cannot be moved any more
        self.weight = self.target_weight = request.weight
        self.tempo = 1.0 if self.fixed else request.tempo  # a voice has its own tempo
        # Base loops lie under all; then the contract's rule: priority, recency, blend mode.
        self.rank = (
            0 if request.layer == "base" else 1,
            clip.header.priority,
            order,
            _MODE_RANK[clip.header.blend_mode],
        )
        self._frames = 0 if clip.curves is None else len(clip.curves)
        self._length_ns = max(clip.header.duration_ms * NS_PER_MS, self._frames * NS_PER_S / FRAME_RATE_HZ)
        self._fade_in_ns = max(clip.header.fade_in_ms * NS_PER_MS, MIN_FADE_NS)
        self._fade_out_ns = max(clip.header.fade_out_ms * NS_PER_MS, MIN_FADE_NS)
        self._stop_ns: int | None = None
        self._stop_fade_ns = 0
        self._before_ns = start_ns

    @property
    def stopping(self) -> bool:
        """Whether it was told to fade out."""
        return self._stop_ns is not None

    @property
    def end_ns(self) -> int | None:
        """When it is over; None for a loop that nobody stopped."""
        natural = None if self.clip.header.loop else self.start_ns + int(self._length_ns / self.tempo)
        if self._stop_ns is None:
            return natural
        stopped = self._stop_ns + self._stop_fade_ns
        return stopped if natural is None else min(natural, stopped)

    def stop(self, time_ns: int, fade_ns: int) -> None:
        """Fade out over ``fade_ns`` from ``time_ns`` on; an earlier end stands."""
        fade_ns = max(fade_ns, MIN_FADE_NS)
        end_ns = self.end_ns
        if self._stop_ns is None or end_ns is None or time_ns + fade_ns < end_ns:
            # Keep the strength continuous when a fade is under way: shorten what is left of it.
            if self._stop_ns is not None and time_ns > self._stop_ns:
                left = 1 - (time_ns - self._stop_ns) / self._stop_fade_ns
                whole_ns = int(fade_ns / max(left, 0.01))
                self._stop_ns, self._stop_fade_ns = time_ns - int((1 - left) * whole_ns), whole_ns
            else:
                self._stop_ns, self._stop_fade_ns = time_ns, fade_ns

    def abort(self) -> None:
        """Break off at 40 % of its length."""
        self.stop(self.start_ns + int(ABORT_SHARE * self._length_ns / self.tempo), int(self._fade_out_ns))

    def gain(self, time_ns: int) -> float:
        """Strength at ``time_ns``: weight and fades, 0 outside its time."""
        media_ns = (time_ns - self.start_ns) * self.tempo
        if media_ns < 0:
            return 0.0
        gain = self.weight
        if media_ns < self._fade_in_ns:
            gain *= _smooth(media_ns / self._fade_in_ns)
        if not self.clip.header.loop:
            left_ns = self._length_ns - media_ns
            if left_ns < self._fade_out_ns:
                gain *= _smooth(left_ns / self._fade_out_ns)
        if self._stop_ns is not None and time_ns > self._stop_ns:
            gain *= _smooth(1 - (time_ns - self._stop_ns) / self._stop_fade_ns)
        return gain

    def blend(self, pose: Pose, time_ns: int, scratch: Pose, other: Pose) -> None:
        """Do to ``pose`` what the clip does at ``time_ns``; ``scratch`` and ``other`` (float32 [61]) are used up."""
        self._move_weight(time_ns)
        gain = self.gain(time_ns)
        curves = self.clip.curves
        if curves is None or gain <= 0.0:
            return
        self._sample(time_ns, scratch, other)
        mode = self.clip.header.blend_mode
        if mode == "override":
            np.subtract(scratch, pose, out=scratch)
            gain = min(gain, 1.0)
        elif mode == "multiply":
            np.subtract(scratch, 1.0, out=scratch)
            np.multiply(scratch, pose, out=scratch)
            gain = min(gain, 1.0)
        if self.clip.mask is not None:
            np.multiply(scratch, self.clip.mask, out=scratch)
        np.multiply(scratch, gain, out=scratch)
        np.add(pose, scratch, out=pose)

    def _sample(self, time_ns: int, row: Pose, other: Pose) -> None:
        """Write the clip's curves at ``time_ns`` into ``row``, linearly between frames; a loop runs round."""
        curves = self.clip.curves
        assert curves is not None
        position = (time_ns - self.start_ns) * self.tempo * FRAME_RATE_HZ / NS_PER_S
        frame = int(position)
        share = position - frame
        if self.clip.header.loop:
            frame %= self._frames
            after = (frame + 1) % self._frames
        else:
            frame = min(frame, self._frames - 1)
            after = min(frame + 1, self._frames - 1)
        np.copyto(row, curves[frame])
        # Ticks that fall on frames to within a microsecond need no second row.
        if after != frame and share > 1e-4:
            np.copyto(other, curves[after])
            np.subtract(other, row, out=other)
            np.multiply(other, share, out=other)
            np.add(row, other, out=row)

    def _move_weight(self, time_ns: int) -> None:
        if self.weight != self.target_weight:
            most = _WEIGHT_PER_S * (time_ns - self._before_ns) / NS_PER_S
            self.weight += min(max(self.target_weight - self.weight, -most), most)
        self._before_ns = time_ns


def _smooth(share: float) -> float:
    """0..1 -> 0..1 with level ends (3x^2 - 2x^3): a fade without corners."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def scratch_pair() -> tuple[Pose, Pose]:
    """Two poses for ``ActiveClip.blend`` to work in."""
    return np.zeros(COUNT, np.float32), np.zeros(COUNT, np.float32)
