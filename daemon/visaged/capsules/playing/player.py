"""The player: requests in, one layer of the face out. Commands from any thread, everything else at the tick.

Order at a tick: base loops, then the mood, then all other clips by the contract's rule (priority, recency, blend mode):
what comes later in this order works on what is there, so an override hides what it outranks and nothing else.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from visaged.capsules.clip import Clip
from visaged.capsules.playing.active_clip import ActiveClip, ClipRequest, scratch_pair
from visaged.capsules.playing.emotion_blend import EmotionBlend
from visaged.capsules.playing.gestures import Gestures, Recurring
from visaged.capsules.playing.side_effects import SideEffects
from visaged.capsules.playing.timeline import MERGE_NS, CapsuleTimeline, Matches
from visaged.clock import NS_PER_MS
from visaged.curves import Pose

log = logging.getLogger(__name__)

# More commands than this are waiting only in a flood; they are refused and counted.
MAX_QUEUED: Final = 64
# Of those, this many are carried out per tick: 480 a second.
MAX_PER_TICK: Final = 8
# Clips that are blended at once, those fading out included: more cannot be told apart, and the tick has an end.
MAX_PLAYING: Final = 24
# Starts that lie ahead. A scene prepares tens.
MAX_PENDING: Final = 64
# One at a time: a new one takes over from the old one by a cross-fade.
_EXCLUSIVE: Final = frozenset({"base", "gesture", "line"})
# The voice is handed out this long before it is heard, so that playback has it in time.
VOICE_MARGIN_NS: Final = 40 * NS_PER_MS
_Command = Callable[[int], None]
"""Gets the time of the tick."""


class Player:
    """A layer (``visaged.layer.Layer``). ``apply`` runs on the animator's thread and neither waits nor fails."""

    def __init__(self, side_effects: SideEffects, mood: EmotionBlend, generator: random.Random) -> None:
        self._side_effects = side_effects
        self._mood = mood
        self._generator = generator
        self._commands: deque[_Command] = deque()
        self._timeline = CapsuleTimeline()
        self._gestures = Gestures(generator)
        self._playing: list[ActiveClip] = []
        self._scratch, self._other = scratch_pair()
        self._order = 0
        self._extra_holders: dict[str, int] = {}  # per clip: who holds it beyond the leases that came in
        self.overflow = 0
        """Requests refused because enough is playing."""
        self.started = 0
        self.speaks = False
        """Whether a spoken line is shown: what it says, the face says."""

    # From any thread.

    @property
    def timeline(self) -> CapsuleTimeline:
        """For its counters."""
        return self._timeline

    @property
    def playing(self) -> tuple[tuple[int, str], ...]:
        """(ticket, cid) of what is shown."""
        return tuple((playing.ticket, playing.cid) for playing in list(self._playing))

    @property
    def full(self) -> bool:
        """Whether another command would be refused."""
        return len(self._commands) >= MAX_QUEUED

    def figures(self) -> dict[str, int]:
        """Its part of health's ``capsules`` section."""
        return {
            "playing": len(self.playing),
            "started": self.started,
            "merged": self.timeline.merged,
            "unhonoured": self.timeline.unhonoured,
            "overflow": self.overflow,
        }

    def start(self, requests: Sequence[ClipRequest]) -> None:
        """Schedule ``requests`` together; their clips must be leased, and are given back when they end."""
        self._commands.append(partial(self._schedule, requests))

    def stop(self, matches: Matches, fade_ms: int | None = None) -> None:
        """Fade out what ``matches`` (over its own fade when None), and withdraw what has not begun."""
        self._commands.append(partial(self._stop, matches, fade_ms))

    def add_gesture(self, gesture: Recurring) -> None:
        """Let ``gesture`` come back; its clip must be leased."""
        self._commands.append(partial(self._gestures.add, gesture))

    def clear_gestures(self, owner: str) -> None:
        """Let no gesture of ``owner`` come back, and those under way fade out."""
        self._commands.append(partial(self._withdraw, lambda playing: playing.owner == owner))

    def drop(self, keys: set[str]) -> None:
        """Fade out, at once, clips with these content hashes: they must not be shown any more."""
        self._commands.append(partial(self._withdraw, lambda playing: playing.clip.key in keys))

    def speech_onset(self, time_ns: int) -> None:
        """Speech is shown from ``time_ns`` on."""
        self._commands.append(partial(self._speech_onset, time_ns))

    def speech_end(self) -> None:
        """Speech is over."""
        self._commands.append(lambda _: self._timeline.speech_end())

    def scene_start(self, time_ns: int) -> None:
        """A scene begins at ``time_ns``."""
        self._commands.append(lambda _: self._timeline.scene_start(time_ns))

    # The animator's thread.

    def apply(self, pose: Pose, time_ns: int) -> None:
        """See ``visaged.layer.Layer``."""
        for _ in range(MAX_PER_TICK):
            if not self._commands:
                break
            self._commands.popleft()(time_ns)
        for request in self._timeline.expired(time_ns):
            self._add(request, time_ns, time_ns)
        for request in self._gestures.due(time_ns):
            self._hold(request.clip)
            self._schedule((request,), time_ns)
        for playing in self._timeline.due(time_ns):
            self._begin(playing, time_ns)
        self._drop_ended(time_ns)
        mood_done = speaks = False
        for playing in self._playing:
            speaks |= playing.layer == "line" and not playing.stopping
            if not mood_done and playing.layer != "base":
                self._mood.apply(pose, time_ns)
                mood_done = True
            playing.blend(pose, time_ns, self._scratch, self._other)
        if not mood_done:
            self._mood.apply(pose, time_ns)
        self.speaks = speaks

    def _schedule(self, requests: Sequence[ClipRequest], now_ns: int) -> None:
        line = next((request for request in requests if request.clip.pcm is not None), None)
        if line is not None and not self._refused(line):
            self._schedule_line(line, requests, now_ns)
        for request in requests:
            if request is line:
                continue
            if self._generator.random() >= request.probability:
                self._let_go(request.clip)
                continue
            if self._refused(request):
                continue
            start_ns = self._timeline.start_of(request, now_ns)
            if start_ns is not None:
                self._add(request, now_ns, start_ns)

    def _schedule_line(self, line: ClipRequest, requests: Sequence[ClipRequest], now_ns: int) -> None:
        """A prepared voice can wait: the whole group moves until what leads the voice can lead it."""
        start_ns = max((now_ns if line.at_ns is None else line.at_ns) + line.offset_ns, now_ns)
        voice_ns = start_ns + _voice_delay_ns(line.clip)
        leads_ms = [
            request.trigger.offset_ms
            for request in requests
            if request.trigger is not None and request.trigger.relative_to == "speech_onset"
        ]
        wait_ns = max(now_ns + VOICE_MARGIN_NS - voice_ns, now_ns - voice_ns - min(leads_ms, default=0) * NS_PER_MS, 0)
        for request in requests:
            request.at_ns = (now_ns if request.at_ns is None else request.at_ns) + wait_ns
        self._add(line, now_ns, start_ns + wait_ns)
        self._speech_onset(voice_ns + wait_ns, now_ns)

    def _refused(self, request: ClipRequest) -> bool:
        if len(self._timeline.pending) + len(self._timeline.waiting) < MAX_PENDING:
            return False
        self.overflow += 1
        self._let_go(request.clip)
        return True

    def _add(self, request: ClipRequest, now_ns: int, start_ns: int) -> None:
        if request.jitter and request.clip.pcm is None:
            spread = partial(self._generator.uniform, 1 - request.jitter, 1 + request.jitter)
            start_ns = now_ns + int((start_ns - now_ns) * spread())
            request.tempo *= spread()
            request.weight *= spread()
        self._order += 1
        playing = ActiveClip(request, start_ns, self._order)
        if request.replaces is not None:
            self._stop(lambda other: other.ticket == request.replaces, None, start_ns)
        if request.abort_probability and self._generator.random() < request.abort_probability:
            playing.abort()
        self._timeline.add(playing)
        if playing.fixed:
            self._side_effects.speak(playing.clip, _voice_start_ns(playing))

    def _begin(self, playing: ActiveClip, now_ns: int) -> None:
        if playing.clip.curves is None:
            self._side_effects.cue(playing.clip, playing.weight, now_ns)
            self._side_effects.notify({"kind": "capsule_start", "cid": playing.cid, "ticket": playing.ticket})
            self._let_go(playing.clip)
            return
        rivals = [other for other in self._playing if not other.stopping and other.layer == playing.layer]
        for other in rivals:
            if other.clip.key == playing.clip.key and playing.start_ns - other.start_ns < MERGE_NS:
                # The same thing twice in one moment is the same thing.
                other.target_weight = max(other.target_weight, playing.weight)
                self._timeline.merged += 1
                self._let_go(playing.clip)
                return
        if len(self._playing) >= MAX_PLAYING:
            self.overflow += 1
            self._let_go(playing.clip)
            return
        for other in rivals:
            if other.cid == playing.cid or playing.layer in _EXCLUSIVE:
                other.stop(now_ns, playing.clip.header.fade_in_ms * NS_PER_MS)
        self._playing.append(playing)
        self._playing.sort(key=_rank)
        self.started += 1
        self._side_effects.notify({"kind": "capsule_start", "cid": playing.cid, "ticket": playing.ticket})

    def _drop_ended(self, now_ns: int) -> None:
        ended = [playing for playing in self._playing if (end := playing.end_ns) is not None and end <= now_ns]
        if not ended:
            return
        self._playing = [playing for playing in self._playing if playing not in ended]
        for playing in ended:
            self._side_effects.notify({"kind": "capsule_end", "cid": playing.cid, "ticket": playing.ticket})
            if playing.layer == "line":
                self._timeline.speech_end()
            self._let_go(playing.clip)

    def _stop(self, matches: Matches, fade_ms: int | None, now_ns: int) -> None:
        for gone in self._timeline.withdraw(matches):
            if isinstance(gone, ActiveClip) and gone.fixed:
                self._side_effects.hush(_voice_start_ns(gone), 0)
            self._let_go(gone.clip)
        for playing in self._playing:
            if matches(playing):
                fade = playing.clip.header.fade_out_ms if fade_ms is None else fade_ms
                playing.stop(now_ns, fade * NS_PER_MS)
                if playing.fixed:
                    self._side_effects.hush(_voice_start_ns(playing), fade)

    def _withdraw(self, matches: Matches, now_ns: int) -> None:
        for template in self._gestures.withdraw(matches):
            self._let_go(template.clip)
        self._stop(matches, None, now_ns)

    def _speech_onset(self, time_ns: int, now_ns: int) -> None:
        for request in self._timeline.speech_onset(time_ns):
            start_ns = self._timeline.start_of(request, now_ns)
            if start_ns is not None:
                self._add(request, now_ns, start_ns)

    def _hold(self, clip: Clip) -> None:
        """One more of ours uses a leased clip: the lease goes back with the last."""
        self._extra_holders[clip.key] = self._extra_holders.get(clip.key, 0) + 1

    def _let_go(self, clip: Clip) -> None:
        holders = self._extra_holders.get(clip.key, 0)
        if holders > 1:
            self._extra_holders[clip.key] = holders - 1
        elif holders == 1:
            del self._extra_holders[clip.key]
        else:
            self._side_effects.release(clip)


def _voice_delay_ns(clip: Clip) -> int:
    """The lips lead the voice by this."""
    return clip.header.voice.lip_sync_lead_ms * NS_PER_MS if clip.header.voice is not None else 0


def _voice_start_ns(playing: ActiveClip) -> int:
    return playing.start_ns + _voice_delay_ns(playing.clip)


def _rank(playing: ActiveClip) -> tuple[int, int, int, int]:
    return playing.rank
