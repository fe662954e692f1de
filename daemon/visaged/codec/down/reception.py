"""What has come down the link: which messages count, and the frames of the one stream that is heard, by their time.

Whatever the network or a stranger sends, nothing here raises: it is taken, or it is counted and dropped. Sequences are
followed as RTP does (RFC 3550, appendix A.1): a sequence far from where the stream is must be confirmed by the next
message before it is believed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from visaged.clock import NS_PER_MS
from visaged.codec.frame_codec import Codes
from visaged.codec.frames import SEQUENCES, CodecMessage, FrameError, decode
from visaged.metrics import Metrics

log = logging.getLogger(__name__)

# While nobody speaks a sender says so every second; a stream of which nothing came for longer has stopped.
QUIET_NS: Final = 1500 * NS_PER_MS
# Ten seconds: further than any network reorders, or any peer sends ahead at once.
_MAX_JUMP: Final = 125
# Sequences remembered to tell a duplicate from a frame that is late: ten seconds, too.
_REMEMBERED: Final = 128
# Nobody takes frames out: the oldest go.
_MOST_FRAMES: Final = 2 * _MAX_JUMP


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame that waits to be heard."""

    codes: Codes
    """uint16 [codebooks]."""
    reset: bool
    """The decoder starts afresh with it."""
    arrival_ns: int


class Reception:
    """One stream's frames by unwrapped sequence (it never wraps). The caller sees to it that one thread is in here."""

    def __init__(self, codebooks: int, metrics: Metrics) -> None:
        """``codebooks``: what the decoder takes."""
        self._codebooks = codebooks
        self.frames: dict[int, Frame] = {}
        """Not yet heard. Whoever takes one out says so by ``heard_to``."""
        self.heard_to = 0
        """Frames before this sequence have been heard, or can no longer be."""
        self.silent_from: int | None = None
        """From this sequence on the peer says that there is silence; None: it speaks, or has not said so."""
        self.last_ns: int | None = None
        """When anything of the stream came last."""
        self.stream_id: int | None = None
        self.refusal = ""
        """Why a message was refused last."""
        self._newest = 0
        self._newest_speech = -1
        self._begun = False
        self._unconfirmed: int | None = None
        self._seen: dict[int, None] = {}
        self._received = metrics.counter("codec.received")
        self._refused = metrics.counter("codec.refused")
        self._foreign = metrics.counter("codec.foreign")
        self._jumps = metrics.counter("codec.jumps")
        self._duplicates = metrics.counter("codec.duplicates")
        self._late = metrics.counter("codec.late")
        self._reordered = metrics.counter("codec.reordered")

    @property
    def newest(self) -> int:
        """The newest unwrapped sequence that was heard of."""
        return self._newest

    def quiet(self, now_ns: int) -> bool:
        """Whether the stream is over, or pauses: then another may take its place, or it may go on anywhere."""
        if self.last_ns is None or now_ns - self.last_ns > QUIET_NS:
            return True
        return self.silent_from is not None and not self.frames

    def take(self, data: bytes, arrival_ns: int) -> CodecMessage | None:
        """Take one message in; returns it, or None when it does not count."""
        try:
            message = decode(data)
            if len(message.codes) and message.codebooks != self._codebooks:
                raise FrameError(f"codebooks: {message.codebooks}, this box decodes {self._codebooks}")
        except FrameError as error:
            self._refused.add()
            self._refuse(str(error))
            return None
        if message.stream_id != self.stream_id:
            if not self.quiet(arrival_ns):
                self._foreign.add()
                self._refuse(f"stream id: {message.stream_id:#010x}, accepted while it speaks: {self.stream_id:#010x}")
                return None
            self._begin(message.stream_id)
        sequence = self._place(message, arrival_ns)
        if sequence is None:
            return None
        self.last_ns = arrival_ns
        self._store(message, sequence, arrival_ns)
        return message

    def skip_to(self, sequence: int) -> int:
        """Give up what comes before ``sequence``; returns how many frames that were there are dropped by it."""
        given_up = [number for number in self.frames if number < sequence]
        for number in given_up:
            del self.frames[number]
        self.heard_to = max(self.heard_to, sequence)
        return len(given_up)

    def _begin(self, stream_id: int) -> None:
        log.info("codec: stream %#010x", stream_id)
        self.stream_id = stream_id
        self._restart()

    def _restart(self) -> None:
        self.frames.clear()
        self.heard_to = 0
        self._seen.clear()
        self._begun = False
        self._unconfirmed = None
        self.silent_from = None

    def _place(self, message: CodecMessage, arrival_ns: int) -> int | None:
        """The unwrapped sequence of ``message``; None when it is not believed (yet)."""
        if not self._begun:
            # One round of 2^32 above zero: what is older by a little stays positive.
            self._newest = SEQUENCES + message.sequence
            self._newest_speech = self._newest - 1
            self._begun = True
            return self._newest
        step = (message.sequence - self._newest + SEQUENCES // 2) % SEQUENCES - SEQUENCES // 2
        if abs(step) <= _MAX_JUMP:
            self._unconfirmed = None
            return self._newest + step
        if not self.quiet(arrival_ns) and self._unconfirmed != message.sequence:
            self._unconfirmed = (message.sequence + max(len(message.codes), 1)) % SEQUENCES
            self._jumps.add()
            self._refuse(f"sequence: {message.sequence}, {step:+d} from the stream's; believed if the next follows on")
            return None
        self._restart()
        return self._place(message, arrival_ns)

    def _store(self, message: CodecMessage, sequence: int, arrival_ns: int) -> None:
        end = sequence + len(message.codes)
        for offset, codes in enumerate(message.codes):
            number = sequence + offset
            if number in self._seen:
                self._duplicates.add()
                continue
            self._remember(number)
            if number < self._newest:
                self._reordered.add()
            if number < self.heard_to:
                self._late.add()
            elif message.speech:
                self._received.add()
                self.frames[number] = Frame(codes, message.reset and offset == 0, arrival_ns)
        if message.speech:
            self._newest_speech = max(self._newest_speech, end - 1)
            if self.silent_from is not None and end > self.silent_from:
                self.silent_from = None
        elif sequence > self._newest_speech:
            self.silent_from = sequence if self.silent_from is None else min(sequence, self.silent_from)
        self._newest = max(self._newest, end - 1, sequence)
        while len(self.frames) > _MOST_FRAMES:
            self.skip_to(min(self.frames) + 1)

    def _remember(self, number: int) -> None:
        self._seen[number] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _refuse(self, reason: str) -> None:
        if reason != self.refusal:
            log.debug("codec: refused %s", reason)
        self.refusal = reason
