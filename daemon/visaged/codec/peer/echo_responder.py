"""A peer that answers when the guest has finished: with what it heard, or always the same; or echoes at once."""

from __future__ import annotations

import numpy as np

from visaged.codec.down.reception import QUIET_NS
from visaged.codec.frame_codec import Codes
from visaged.codec.frames import SEQUENCES, CodecMessage
from visaged.codec.peer.talker import Talker


class EchoResponder:
    """Hears what comes up from one box. The caller brings the time; one thread."""

    def __init__(self, *, at_once: bool = False, answer: Codes | None = None) -> None:
        """``answer``: what it says in place of what it heard, uint16 [n, codebooks]."""
        self.heard = 0
        """Frames of speech that came, each counted once."""
        self.missing = 0
        """Frames of a speech that never came."""
        self.speeches = 0
        self.cuts = 0
        """How often the box stopped the peer's voice because the guest talked over it."""
        self.at_once = at_once
        """It sends back what comes, as it comes."""
        self.answer = answer
        self._speech: dict[int, Codes] = {}
        self._last_ns: int | None = None
        self._cut = False

    def hear(self, message: CodecMessage, now_ns: int, talker: Talker) -> CodecMessage | None:
        """Take ``message`` in; returns what is to be sent at once, None when nothing is."""
        self._last_ns = now_ns
        if message.cut and not self._cut:
            self.cuts += 1
            talker.be_silent()
        self._cut = message.cut
        if message.speech:
            if message.reset:
                # Its own frames may have overtaken it.
                self._finish(talker, before=message.sequence)
            for offset, codes in enumerate(message.codes):
                self.heard += message.sequence + offset not in self._speech
                self._speech[message.sequence + offset] = codes
        else:
            self._finish(talker)
        if not self.at_once:
            return None
        return CodecMessage(talker.stream_id, message.sequence, message.codes, message.speech, message.reset)

    def wait(self, now_ns: int, talker: Talker) -> None:
        """Nothing came: a speech whose end was lost is over after a while."""
        if self._speech and self._last_ns is not None and now_ns - self._last_ns > QUIET_NS:
            self._finish(talker)

    def _finish(self, talker: Talker, before: int = SEQUENCES) -> None:
        numbers = sorted(number for number in self._speech if number < before)
        if not numbers:
            return
        speech = [self._speech.pop(number) for number in numbers]
        self.speeches += 1
        # A speech that goes on over the end of the sequence is said in two halves, and nothing counted as missing.
        gap = numbers[-1] - numbers[0] + 1 - len(numbers)
        self.missing += gap if gap < len(numbers) else 0
        if not self.at_once:
            heard = np.stack(speech)
            talker.say(heard if self.answer is None else self.answer)
