"""One conversation with a brain of the owner's choice: what all protocols share.

Sound goes up, sound and words come down. The session owns whose turn it is, the answer's buffer, exactly how much of
an answer left the speaker, barge-in, cues and figures; a brain (brains/) owns its protocol and its connection.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from typing import Any, Final

import numpy as np

from visaged.capsules.errors import CapsuleError
from visaged.clock import NS_PER_S, now_ns
from visaged.codec.up.barge_in import BargeIn
from visaged.codec.up.echo_canceller import BLOCK_MS
from visaged.config import Settings
from visaged.conversation.answer import AnswerVoice, ConverseError
from visaged.conversation.brains.choice import make_brain
from visaged.conversation.brains.protocol import RATE_HZ, Pcm, ToolCall
from visaged.conversation.captions import Captions
from visaged.conversation.cues import Cues
from visaged.conversation.face import ConversationFace, State
from visaged.conversation.figures import TalkFigures
from visaged.conversation.parts import FaceParts, Partners
from visaged.conversation.persona import PersonaError, load, script_of
from visaged.conversation.pre_roll import PreRoll
from visaged.conversation.turns import PauseTurns, Turn
from visaged.conversation.voice.mouth import Mouth
from visaged.conversation.voice.opening import open_ears
from visaged.printable import printable

log = logging.getLogger(__name__)

LOST_PROBLEM: Final = "brain_lost"
SILENT_PROBLEM: Final = "brain_silent"
# A detector takes 96 ms; a barge-in is believed after codec.barge_in_ms, 0.4 s unless set.
_PRE_ROLL_MS: Final = 500
# A brain that thinks for longer has not heard, or has hung.
_ANSWER_WITHIN_NS: Final = 20 * NS_PER_S
# Utterances whose sound is not wanted any more: a brain has one or two under way.
_REMEMBERED: Final = 64
# A line of a capsule that is cut off: as long as a person takes to close the mouth.
_FADE_MS: Final = 200


class BrainSession:
    """A ``Talk`` (answer.py) for the daemon, a ``Host`` (brains/protocol.py) for the brain."""

    section = "conversation"

    def __init__(self, settings: Settings, parts: FaceParts, partners: Partners, voice: AnswerVoice) -> None:
        """Raises ConverseError, with nothing running."""
        conversation = settings.conversation
        try:
            persona = load(conversation.persona)
        except PersonaError as error:
            raise ConverseError(str(error), "conversation.persona") from None
        self._parts, self._partners, self._voice = parts, partners, voice
        self._captions = Captions(partners.tell, enabled=conversation.captions)
        self._may_barge_in = conversation.barge_in
        self._persona = persona
        self._cues = Cues(persona.cues, partners.capsules, parts.animation.animator.override, self._begin_anew)
        self._face = ConversationFace(partners.capsules, enabled=conversation.listening_face)
        script = script_of(persona, conversation, self._cues)
        self.brain = make_brain(settings, script, self, parts)
        problems, priority = parts.problems, max(settings.runtime.realtime_priority - 2, 0)
        spoke = self._on_answer_sound
        self.mouth = Mouth(voice, parts.metrics, problems, realtime_priority=priority, on_speech=spoke)
        self.ears = open_ears(settings, parts, partners.playback, priority, self._on_block)
        self.state: State = "connecting"
        self._barge_in = BargeIn(settings.codec.barge_in_ms if conversation.barge_in else 0)
        self._turns = PauseTurns(conversation.pause_ms)
        self._pre_roll = PreRoll(round((_PRE_ROLL_MS + settings.codec.barge_in_ms) / BLOCK_MS))
        self._idle_after_ns = round(conversation.idle_after_s * NS_PER_S)
        self._lock = threading.RLock()
        self._dead, self._utterances = (deque[str](maxlen=_REMEMBERED) for _ in range(2))
        self._asked_ns = self._spoke_ns = 0
        self._figures = TalkFigures(parts.metrics)
        log.info("conversation with %s, echo and noise: %s", self.brain.name, self.ears.echo)

    def start(self) -> None:
        """Begin."""
        if self._persona.profile is not None:
            self._mood(lambda: self._partners.capsules.set_profile(self._persona.profile or ""))
        if (emotion := self._persona.emotion) is not None:
            self._partners.capsules.set_emotion((emotion.valence, emotion.arousal, emotion.dominance))
        self.mouth.start()
        self.brain.start()
        self.ears.start()

    def stop(self) -> None:
        """End; what was set for it is put back."""
        self.ears.stop()
        self.brain.stop()
        self.mouth.stop()
        self._voice.speaker.duck(False)
        self._mood(self._face.restore)
        self._parts.problems.clear(LOST_PROBLEM)
        self._parts.problems.clear(SILENT_PROBLEM)

    def restart(self) -> None:
        """Both threads anew (the watchdog)."""
        for stage in (self.ears, self.mouth):
            stage.stop()
            stage.start()

    @property
    def alive_ns(self) -> int:
        """The older sign of life of the two threads; 0: one is not started."""
        return min(self.ears.alive_ns, self.mouth.alive_ns)

    def health(self) -> dict[str, Any]:
        """Health's section ``conversation``. Any thread."""
        return self._figures.read(self.mouth.buffer) | {
            "brain": self.brain.name,
            "state": self.state,
            "echo": self.ears.echo,
            "guest_speaks": self.ears.speaking,
            "avatar_speaks": self.mouth.speaking,
        }

    # What the brain tells (Host): any thread.

    def connected(self) -> None:
        """It can hear."""
        self._parts.problems.clear(LOST_PROBLEM)
        with self._lock:
            if self.state == "connecting":
                self._become("listening")

    def disconnected(self, why: str, remedy: str) -> None:
        """It cannot."""
        self._figures.losses.add()
        self._parts.problems.open(LOST_PROBLEM, printable(why), remedy)
        with self._lock:
            self._asked_ns = 0
            if not self.mouth.speaking and not self.mouth.buffer.waiting:
                self._become("connecting")

    def guest_began(self) -> None:
        """The brain hears the guest."""
        self._guest_speaks()
        self._interrupt()

    def guest_ended(self) -> None:
        """It has heard them out."""
        self._guest_waits()

    def guest_said(self, text: str) -> None:
        """In words."""
        self._captions.told("guest", text)

    def sound(self, utterance: str, pcm: Pcm) -> None:
        """More of an answer."""
        with self._lock:
            if utterance in self._dead:
                return
            if utterance not in self._utterances:
                self._utterances.append(utterance)
            if self._asked_ns:
                self._figures.first_sound.record_ns(now_ns() - self._asked_ns)
                self._asked_ns = 0
            self._parts.problems.clear(SILENT_PROBLEM)
            self.mouth.buffer.feed(utterance, pcm)

    def text(self, utterance: str, text: str) -> None:
        """More of its words."""
        if utterance not in self._dead:
            self._captions.add(utterance, text)

    def over(self, utterance: str) -> None:
        """All of it is here."""
        self.mouth.buffer.over(utterance)
        self._captions.over(utterance)

    def call(self, call: ToolCall) -> str:
        """Do it."""
        return self._cues.call(call)

    def failed(self, why: str) -> None:
        """No answer to this turn."""
        log.warning("the brain does not answer: %s", printable(why))
        with self._lock:
            self._asked_ns = 0
            if self.state == "thinking":
                self._become("listening")

    # The threads of ears and mouth.

    def _on_block(self, pcm: Pcm | None, speaking: bool) -> None:
        if pcm is None:
            if self.brain.hears_all:
                self.brain.hear(np.zeros(RATE_HZ // 10, np.int16))
            return
        avatar = self.mouth.speaking or self._partners.line_voice.playing
        interrupts = self._barge_in.hear(speaking, avatar, BLOCK_MS)
        # A cough, an "mm-hm": the avatar only steps back until it is plain that the guest wants the turn.
        self._voice.speaker.duck(self._may_barge_in and speaking and avatar)
        if interrupts:
            self._interrupt()
        if self.brain.hears_all:
            self.brain.hear(pcm if self._may_barge_in or not avatar else np.zeros_like(pcm))
        else:
            self._take_turns(pcm, speaking, may_begin=interrupts or not avatar)
        self._watch()

    def _take_turns(self, pcm: Pcm, speaking: bool, *, may_begin: bool) -> None:
        turn = self._turns.hear(speaking, BLOCK_MS, may_begin=may_begin)
        if turn is Turn.NONE and not self._turns.open:
            self._pre_roll.put(pcm)
            return
        if turn is Turn.BEGAN:
            self._guest_speaks()
            self._interrupt()
            self.brain.begin_turn()
            for block in self._pre_roll.take():
                self.brain.hear(block)
        self.brain.hear(pcm)
        if turn is Turn.ENDED:
            self.brain.end_turn()
            self._guest_waits()

    def _watch(self) -> None:
        now = now_ns()
        with self._lock:
            overdue = bool(self._asked_ns) and now - self._asked_ns > _ANSWER_WITHIN_NS
            if overdue:
                self._asked_ns = 0
                if self.state == "thinking":
                    self._become("listening")
            waits = self._idle_after_ns and self._spoke_ns and self.state == "listening"
            idle = waits and now - self._spoke_ns > self._idle_after_ns
        if overdue:
            remedy = "Look whether the brain runs; it goes on with the guest's next words"
            self._parts.problems.open(SILENT_PROBLEM, "the brain did not answer within 20 s", remedy)
        if idle:
            self._begin_anew()

    def _on_answer_sound(self, speaking: bool) -> None:
        self._partners.tell("answer_start" if speaking else "answer_end")
        with self._lock:
            if speaking:
                self._become("speaking")
            elif self.state == "speaking":
                self._become("listening")

    # Whose turn it is.

    def _guest_speaks(self) -> None:
        self._partners.tell("speech_start")
        self._figures.turns.add()
        with self._lock:
            self._spoke_ns, self._asked_ns = now_ns(), 0
            self._become("hearing")

    def _guest_waits(self) -> None:
        self._partners.tell("speech_end")
        with self._lock:
            self._spoke_ns = self._asked_ns = now_ns()
            if self.state == "hearing":
                self._become("thinking")

    def _interrupt(self) -> None:
        """The guest has the turn: nothing of the answer is said any more."""
        with self._lock:
            self._dead.extend(self._utterances)
            self._utterances.clear()
            self._captions.drop()
            spoke = self.mouth.speaking or bool(self.mouth.buffer.waiting)
            heard = self.mouth.cut() if spoke else ()
        self.brain.cut(heard)
        if self._utterances:  # came between the two
            self._dead.extend(self._utterances)
            self.mouth.cut()
        if self._partners.line_voice.playing:
            self._mood(lambda: self._partners.capsules.stop_lines(_FADE_MS))
        elif not spoke:
            return
        self._figures.interruptions.add()
        self._partners.tell("barge_in")

    def _begin_anew(self) -> None:
        """The guest has left."""
        self._spoke_ns = 0
        self.brain.forget()

    def _become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._partners.tell("conversation", state=state)
            self._face.show(state)

    def _mood(self, change: Any) -> None:
        with contextlib.suppress(CapsuleError):
            change()
