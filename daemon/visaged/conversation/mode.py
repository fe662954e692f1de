"""What the face listens to: the microphone (mode mirror) or the answer of a peer (mode converse), and the switch.

It is made whole or not at all: the new side is opened first, and what cannot be opened leaves everything as it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Literal

from visaged.audio.follower import DelayedRing, Voice
from visaged.audio.ring import Sound
from visaged.codec.models import OpenModels, open_models
from visaged.config import Settings
from visaged.conversation.answer import AnswerVoice, ConverseError, Talk
from visaged.conversation.parts import FaceParts, Partners
from visaged.guard import once
from visaged.inference.errors import SessionError
from visaged.system.heap import give_back

log = logging.getLogger(__name__)

PROBLEM = "converse"

Mode = Literal["mirror", "converse"]


class Gated:
    """A voice that can be shut: the follower fades it out and in."""

    def __init__(self, voice: Voice) -> None:
        self.open = True
        self._voice = voice

    def position_at(self, time_ns: float) -> float | None:
        """As of the voice; None while it is shut."""
        return self._voice.position_at(time_ns) if self.open else None

    def read(self, start: int, out: Sound) -> int:
        """As of the voice."""
        return self._voice.read(start, out)


class Converse:
    """``use`` and ``stop`` may be called from any thread; a switch takes as long as opening the models."""

    def __init__(self, parts: FaceParts, settings: Settings, delay_ns: Callable[[], float]) -> None:
        """``delay_ns()``: how much later than it is due the speaker plays a voice."""
        self.mode: Mode = "mirror"
        """What drives the face."""
        self.settings = settings
        """What ``use`` goes by; replaced when other settings come into force."""
        self._parts = parts
        self._answer = AnswerVoice(delay_ns)
        self._microphone = Gated(DelayedRing(parts.capture.ring, parts.capture.timeline, delay_ns))
        self.voices: tuple[Voice, Voice] = (self._microphone, self._answer.speaker)
        """For the speaker."""
        self.open_models: OpenModels = open_models
        """Where the codec comes from."""
        self._lock = threading.Lock()
        self._conversation: Talk | None = None
        self._partners: Partners | None = None
        if settings.device.mode == "converse":
            # From the first moment on: the guest must not be mirrored until the models are open.
            self._turn_to("converse")

    def start(self, partners: Partners) -> None:
        """Go into the mode that the settings name, on a thread: nothing waits for the models."""
        self._partners = partners
        if self.settings.device.mode == "converse":
            remedy = "The face does not answer; see the log, then mode.set or restart"
            once(self._start, "converse-opener", self._parts.problems, remedy).start()

    def stop(self) -> None:
        """The end: nothing more is sent or said, and the guest is not mirrored either."""
        with self._lock:
            if self._conversation is not None:
                self._conversation.stop()
            self._conversation = None

    def use(self, mode: Mode, settings: Settings | None = None) -> None:
        """Let ``mode`` be as ``settings`` say; None: those in force. Raises ConverseError, with nothing changed."""
        with self._lock:
            if mode == "mirror":
                self._switch("mirror", None)
            else:
                self._switch("converse", self._make(settings or self.settings))
            self._parts.problems.clear(PROBLEM)

    def _make(self, settings: Settings) -> Talk:
        """The talk that ``settings`` ask for, not started. Raises ConverseError."""
        assert self._partners is not None, "nobody asks before start"
        # The parts of a conversation are not on the boot path: mirror mode has no use for them.
        if settings.conversation.brain in ("none", "mimi"):
            from visaged.conversation.brains.mimi import Conversation  # noqa: PLC0415

            try:
                return Conversation(settings, self._parts, self._partners, self._answer, self.open_models)
            except SessionError as error:
                raise ConverseError(f"the codec does not run: {error}", "codec.model") from None
        from visaged.conversation.session import BrainSession  # noqa: PLC0415

        return BrainSession(settings, self._parts, self._partners, self._answer)

    @property
    def listens_to_microphone(self) -> bool:
        """Whether the solver hears the microphone."""
        return self.mode == "mirror"

    @property
    def alive_ns(self) -> int:
        """The last sign of life of its threads (CLOCK_MONOTONIC); 0: there are none."""
        running = self._conversation
        return 0 if running is None else running.alive_ns

    def restart(self) -> None:
        """The threads anew (the watchdog)."""
        with self._lock:
            if self._conversation is not None:
                self._conversation.restart()

    def health(self) -> dict[str, Any]:
        """Health's section ``codec``. Any thread."""
        return self._health("codec")

    def conversation_health(self) -> dict[str, Any]:
        """Health's section ``conversation``. Any thread."""
        return self._health("conversation")

    def _health(self, section: str) -> dict[str, Any]:
        running = self._conversation
        return {} if running is None or running.section != section else running.health()

    def _start(self) -> None:
        try:
            self.use("converse")
        except ConverseError as error:
            self.use("mirror")
            remedy = f"The microphone drives the face meanwhile; see {error.key}, then mode.set or restart"
            self._parts.problems.open(PROBLEM, str(error), remedy)

    def _switch(self, mode: Mode, new: Talk | None) -> None:
        """The conversation before ends, the new one begins, the face listens to its voice."""
        before, self._conversation = self._conversation, new
        if before is not None:
            before.stop()
            del before  # and with it the models
            give_back()
        if new is not None:
            new.start()
        self._listen_to(mode)

    def _listen_to(self, mode: Mode) -> None:
        if mode == self.mode:
            return
        self._parts.solver.stop()
        self._parts.track.reset()
        self._turn_to(mode)
        self._parts.solver.start()
        log.info("mode %s", mode)

    def _turn_to(self, mode: Mode) -> None:
        """While the solver is stopped."""
        parts, microphone = self._parts, mode == "mirror"
        self._microphone.open = microphone
        parts.solver.source = parts.capture.ring if microphone else self._answer.ring
        parts.animation.timeline = parts.capture.timeline if microphone else self._answer.timeline
        self.mode = mode
