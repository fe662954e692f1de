"""When a capsule starts: offsets from speech onset, scene start and the previous capsule; waiting; merging.

All times are those of ticks (CLOCK_MONOTONIC ns). The animator's thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from visaged.capsules.playing.active_clip import ActiveClip, ClipRequest
from visaged.clock import NS_PER_MS

# Starts closer together than this are one movement to an eye, so they share a frame.
MERGE_NS: Final = 50 * NS_PER_MS
# A packet may come shortly before the speech that it belongs to; after this it was not going to.
ONSET_WAIT_NS: Final = 2000 * NS_PER_MS
# A tick at 60 fps and some lateness.
_TICK_NS: Final = 20 * NS_PER_MS

Matches = Callable[[ActiveClip | ClipRequest], bool]
"""Chooses by ticket, cid, layer, owner or clip."""


class CapsuleTimeline:
    """What is to start, in order. ``unhonoured`` counts starts that came too late for their offset."""

    def __init__(self) -> None:
        self.unhonoured = 0
        self.merged = 0
        self.pending: list[ActiveClip] = []
        self.waiting: list[tuple[ClipRequest, int]] = []
        """For a speech onset, until then at most."""
        self._onset_ns: int | None = None
        self._scene_ns: int | None = None
        self._previous_end_ns: int | None = None

    def speech_onset(self, time_ns: int) -> list[ClipRequest]:
        """Speech is (or will be) shown from ``time_ns`` on; returns the requests that waited for it."""
        self._onset_ns = time_ns
        requests = [request for request, _ in self.waiting]
        self.waiting.clear()
        return requests

    def speech_end(self) -> None:
        """Speech is over: the next trigger waits for the next onset."""
        self._onset_ns = None

    def scene_start(self, time_ns: int) -> None:
        """A scene starts at ``time_ns``."""
        self._scene_ns = time_ns

    def expired(self, now_ns: int) -> list[ClipRequest]:
        """Requests that waited in vain for an onset; they start at once."""
        if not self.waiting:
            return []
        late = [request for request, until_ns in self.waiting if until_ns <= now_ns]
        self.waiting = [(request, until_ns) for request, until_ns in self.waiting if until_ns > now_ns]
        self.unhonoured += len(late)
        return late

    def start_of(self, request: ClipRequest, now_ns: int) -> int | None:
        """When ``request`` starts, now at the earliest; None when it has to wait for speech."""
        wanted_ns = self._wanted(request, now_ns)
        if wanted_ns is None:
            self.waiting.append((request, now_ns + ONSET_WAIT_NS))
            return None
        # "Now" was said up to a tick ago; starting then, not at the tick, makes the first frame differ already.
        if wanted_ns >= now_ns - _TICK_NS:
            return wanted_ns
        self.unhonoured += 1
        return now_ns

    def add(self, playing: ActiveClip) -> None:
        """Let ``playing`` start at its time."""
        self.pending.append(playing)
        self.pending.sort(key=_start)
        end_ns = playing.end_ns
        self._previous_end_ns = playing.start_ns if end_ns is None else end_ns

    def due(self, now_ns: int) -> list[ActiveClip]:
        """What starts at this tick: all that is due, and all that would start within 50 ms of it."""
        if not self.pending or self.pending[0].start_ns > now_ns:
            return []
        first_ns = self.pending[0].start_ns
        starting, left = [], []
        for playing in self.pending:
            if playing.start_ns <= now_ns:
                starting.append(playing)
            elif playing.start_ns < first_ns + MERGE_NS and not playing.fixed:
                playing.start_ns = first_ns
                self.merged += 1
                starting.append(playing)
            else:
                left.append(playing)
        self.pending = left
        return starting

    def withdraw(self, matches: Matches) -> list[ActiveClip | ClipRequest]:
        """Take back what has not started and ``matches``."""
        gone: list[ActiveClip | ClipRequest] = [playing for playing in self.pending if matches(playing)]
        gone += [request for request, _ in self.waiting if matches(request)]
        self.pending = [playing for playing in self.pending if not matches(playing)]
        self.waiting = [(request, until_ns) for request, until_ns in self.waiting if not matches(request)]
        return gone

    def _wanted(self, request: ClipRequest, now_ns: int) -> int | None:
        base_ns = request.at_ns if request.at_ns is not None else now_ns
        if request.trigger is None:
            return base_ns + request.offset_ns
        offset_ns = request.trigger.offset_ms * NS_PER_MS
        if request.trigger.relative_to == "speech_onset":
            return None if self._onset_ns is None else self._onset_ns + offset_ns
        reference_ns = self._scene_ns if request.trigger.relative_to == "scene_start" else self._previous_end_ns
        return (base_ns if reference_ns is None else reference_ns) + offset_ns


def _start(playing: ActiveClip) -> int:
    return playing.start_ns
