"""When which frame is heard: the jitter buffer's arithmetic, without threads, sound or clock of its own.

A spurt of speech begins ``wait`` after its first frame came, and then goes frame by frame. What is not there when its
time has come is concealed, in pieces of 20 ms; when nothing later is there either, the network may only be slow, so the
place is kept open and the frame may still come (then everything is those pieces later). So the depth grows by itself
where it must. It shrinks by playing 0.15 % faster and by shortening a frame while every frame comes with time to spare,
and to what was learned at the next spurt. The same rules follow a sender whose clock is fast or slow: nobody has to
know by how much.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from visaged.clock import NS_PER_MS
from visaged.codec.down.reception import Reception
from visaged.codec.frame_codec import FRAME_MS, Codes
from visaged.metrics import Metrics

FRAME_NS: Final = FRAME_MS * NS_PER_MS
# Inaudible in speech, and within the 0.2 % that a Timeline takes for drift: the speaker follows without a cross-fade.
SLIDE_NS: Final = FRAME_NS * 15 // 10_000
# A frame that comes closer than this before its time is nearly late: threads wake up some ms late.
SPARE_NS: Final = 5 * NS_PER_MS
# Between the two nothing is changed.
_AMPLE_NS: Final = 30 * NS_PER_MS
# Pieces in which what is missing is filled in, and by which a frame is shortened: a quarter of one.
PIECES: Final = 4
PIECE_NS: Final = FRAME_NS // PIECES
# What is judged: four seconds of arrivals, without the worst 3 %.
_JUDGED: Final = 50
_PERCENT: Final = 3
# A frame is shortened when the last two seconds had time to spare.
_SHORTENED: Final = 25
# A peer of which nothing came for a second in the middle of speech has stopped.
_GIVE_UP: Final = 12 * PIECES
# A live sender's frames come this evenly; one that sends ahead of its time does so on purpose, and is not hurried.
_EVEN_NS: Final = 2 * FRAME_NS
# How much of a shorter wait is believed at once; a longer one is believed at once.
_FORGET: Final = 0.3


class PlayoutKind(Enum):
    """What is to be heard next."""

    QUIET = "nobody speaks"
    FRAME = "a frame"
    LOST = "a piece of a frame that is not there"
    END = "the speech is over: fade away"


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the voice."""

    kind: PlayoutKind
    codes: Codes | None = None
    reset: bool = False
    slide_ns: int = 0
    """How much longer (+) or shorter (-) than 80 ms this frame takes."""
    sequence: int = 0
    """Of a FRAME: its unwrapped sequence."""
    shorter: int = 0
    """Pieces of 20 ms that the frame is to be shortened by: there was that much time to spare."""


QUIET: Final = Step(PlayoutKind.QUIET)


class Playout:
    """Decides step by step. The caller sees to it that one thread at a time is in here or in the reception."""

    def __init__(
        self, reception: Reception, metrics: Metrics, *, lead_ns: int, most_wait_ms: float, most_ahead: int
    ) -> None:
        """``lead_ns``: how long before it is heard a frame must be there; ``most_wait_ms``: limit of the wait;
        ``most_ahead``: frames that the peer may send ahead of their time, the oldest are dropped beyond it.
        """
        self.reception = reception
        self.speaking = False
        """Whether the peer's voice is being heard."""
        self.stopped = False
        """The peer stopped in the middle of its speech."""
        self._lead_ns = lead_ns
        self._most_ahead = most_ahead
        self._least_ns = lead_ns + SPARE_NS
        self._most_ns = round(most_wait_ms * NS_PER_MS)
        self.wait_ns = self._least_ns
        """From the arrival of a spurt's first frame to its being heard."""
        self._position = 0
        self._first: tuple[int, int] = (0, 0)  # sequence and arrival of the spurt's first frame
        self._open = 0  # pieces filled in at this position, for a frame that may still come
        self._missing = 0
        self._margins: deque[int] = deque(maxlen=_JUDGED)
        self._lateness: deque[int] = deque(maxlen=4 * _JUDGED)
        self._ignored = False
        self._heard = metrics.counter("codec.heard")
        self._shortened = metrics.counter("codec.shortened")
        self._concealed = metrics.counter("codec.concealed")
        self._lost = metrics.counter("codec.lost")
        self._dropped = metrics.counter("codec.dropped")
        self._buffered = metrics.histogram("codec.buffered")

    def next(self, due_ns: int) -> Step:
        """What is to be heard from ``due_ns`` on."""
        if not self.speaking:
            return self._begin(due_ns)
        reception = self.reception
        # Another stream took over, the sequence began anew, or somebody said that it is enough.
        if reception.heard_to < self._position or self._ignored:
            return self._end()
        self._drop()
        self._use_open_places()
        frame = reception.frames.pop(self._position, None)
        if frame is None:
            return self._miss()
        self._take_margin(due_ns, frame.arrival_ns)
        self._open = self._missing = 0
        shorter = self._spare_pieces()
        step = Step(PlayoutKind.FRAME, frame.codes, frame.reset, self._slide(), self._position, shorter)
        self._heard.add()
        if shorter:
            self._shortened.add()
            self._margins.clear()
        self._go_on()
        return step

    def interrupt(self) -> None:
        """Be silent now: what has come and still comes of this speech is not heard."""
        self._ignored = self.speaking or bool(self.reception.frames)
        self._dropped.add(self.reception.skip_to(max(self.reception.frames, default=-1) + 1))

    @property
    def interrupted(self) -> bool:
        """Whether speech is being ignored."""
        return self._ignored

    def _begin(self, due_ns: int) -> Step:
        reception = self.reception
        if self._ignored:
            self._look_past_interruption(due_ns)
        if not reception.frames:
            return QUIET
        first = min(reception.frames)
        arrival_ns = reception.frames[first].arrival_ns
        if due_ns < arrival_ns + self.wait_ns:
            return QUIET
        self.speaking, self.stopped = True, False
        self._position, self._first = first, (first, arrival_ns)
        self._open = self._missing = 0
        self._margins.clear()
        self._lateness.clear()
        reception.heard_to = first
        return self.next(due_ns)

    def _look_past_interruption(self, now_ns: int) -> None:
        """A new speech begins where the peer starts its encoder afresh, or after a pause."""
        reception = self.reception
        fresh = [number for number, frame in reception.frames.items() if frame.reset]
        if fresh:
            self._dropped.add(reception.skip_to(min(fresh)))
            self._ignored = False
        elif reception.frames:
            self._dropped.add(reception.skip_to(max(reception.frames) + 1))
        elif reception.quiet(now_ns):
            self._ignored = False

    def _drop(self) -> None:
        frames = self.reception.frames
        if frames and (newest := max(frames)) - self._position > self._most_ahead:
            self._dropped.add(self.reception.skip_to(newest - self._most_ahead))
            self._position = self.reception.heard_to
            self._open = 0

    def _use_open_places(self) -> None:
        """What was concealed while waiting for it is made up for, as soon as something later is there."""
        frames = self.reception.frames
        while self._open >= PIECES and self._position not in frames and frames:
            self._open -= PIECES
            self._lost.add()
            self._go_on()

    def _miss(self) -> Step:
        reception = self.reception
        silent_from = reception.silent_from
        if not reception.frames and silent_from is not None and silent_from <= self._position + self._open // PIECES:
            return self._end()
        if reception.frames and reception.frames[min(reception.frames)].reset:
            # What comes next is another speech: the end of this one was lost.
            return self._end()
        if self._missing % PIECES == 0:
            self._concealed.add()
        self._missing += 1
        if self._missing > _GIVE_UP:
            self.stopped = True
            return self._end()
        self._open += 1
        return Step(PlayoutKind.LOST)

    def _end(self) -> Step:
        self.speaking = False
        self._learn()
        return Step(PlayoutKind.END)

    def _go_on(self) -> None:
        self._position += 1
        self.reception.heard_to = self._position

    def _take_margin(self, due_ns: int, arrival_ns: int) -> None:
        self._buffered.record_ns(due_ns - self._lead_ns - arrival_ns)
        self._margins.append(due_ns - self._lead_ns - arrival_ns)
        first, first_ns = self._first
        self._lateness.append(arrival_ns - first_ns - (self._position - first) * FRAME_NS)

    def _spare_pieces(self) -> int:
        if len(self._margins) < _SHORTENED:
            return 0
        early, late = np.percentile(list(self._lateness)[-_SHORTENED:], (_PERCENT, 100 - _PERCENT))
        if late - early > _EVEN_NS:
            return 0
        spare_ns = float(np.percentile(self._margins, _PERCENT)) - _AMPLE_NS
        return min(max(int(spare_ns // PIECE_NS), 0), PIECES - 1)

    def _slide(self) -> int:
        if len(self._margins) < _JUDGED // 4:
            return 0
        worst = float(np.percentile(self._margins, _PERCENT))
        return SLIDE_NS if worst < SPARE_NS else -SLIDE_NS if worst > _AMPLE_NS else 0

    def _learn(self) -> None:
        """How long this spurt should have waited, for the next one."""
        if len(self._lateness) < _JUDGED // 4:
            return
        needed = float(np.percentile(self._lateness, 100 - _PERCENT)) + self._least_ns
        needed = min(max(needed, self._least_ns), self._most_ns)
        share = 1.0 if needed > self.wait_ns else _FORGET
        self.wait_ns = round(self.wait_ns + share * (needed - self.wait_ns))
