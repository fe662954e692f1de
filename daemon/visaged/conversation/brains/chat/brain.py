"""The brain ``chat``: a turn is recognised, answered and said, each sentence while the next is still being thought.

A turn has two threads: one reads the answer, one has its sentences said. A barge-in gives both up at once, and the
history keeps only what was heard.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from typing import Final

import numpy as np

from visaged.conversation.brains.chat import parts
from visaged.conversation.brains.chat.http import PartError, Requests
from visaged.conversation.brains.chat.parts import Parts
from visaged.conversation.brains.history import History
from visaged.conversation.brains.keys import KeyFileFault
from visaged.conversation.brains.protocol import RATE_HZ, Heard, Host, Pcm, Script
from visaged.guard import once
from visaged.problems import Problems
from visaged.speech.sentences import sentences

log = logging.getLogger(__name__)

PROBLEM: Final = "brain_part"
# Sentences that wait to be said: the answer is read on meanwhile, but not without end.
_WAITING: Final = 8
_MOST_SAMPLES: Final = 130 * RATE_HZ
_REMEDY: Final = "Look whether it runs, and at [conversation.chat]; the next turn tries again"
# Shorter is a cough: no recogniser makes words of it, but some make them up.
_LEAST_SAMPLES: Final = RATE_HZ * 3 // 10


_TAGS: Final = "You may begin a sentence with one of these to show it on your face; they are not spoken: {}."


class _Answer:
    """A turn, and what was said of its answer: utterance -> text, in order."""

    def __init__(self, number: int) -> None:
        self.turn = Requests()
        self.number = number
        self.said: dict[str, tuple[str, int]] = {}
        """Text and samples."""


class ChatBrain:
    """A ``Brain`` (brains/protocol.py)."""

    hears_all = False

    def __init__(self, three: Parts, script: Script, host: Host, problems: Problems) -> None:
        where = [
            part.url.partition("://")[2].partition("/")[0] or "local" for part in (three.stt, three.llm, three.tts)
        ]
        self.name = f"chat of {', '.join(where)}"
        self._three = three
        self._script, self._host, self._problems = script, host, problems
        shown = _TAGS.format(tags(script)) if script.tags else ""
        self._instructions = f"{script.instructions}\n{shown}".strip()
        self._history = History()
        self._lock = threading.Lock()
        self._heard: list[Pcm] = []
        self._answer: _Answer | None = None
        self._count = 0

    def start(self) -> None:
        """Nothing is connected before there is something to say."""
        self._host.connected()
        if self._script.greeting:
            self._begin(None)

    def stop(self) -> None:
        """Give up, and forget."""
        self.cut(())
        self._history.clear()
        self._problems.clear(PROBLEM)

    def forget(self) -> None:
        """Another guest."""
        self._history.clear()

    def begin_turn(self) -> None:
        """The guest speaks."""
        self._heard.clear()

    def hear(self, pcm: Pcm) -> None:
        """On."""
        self._heard.append(pcm)

    def end_turn(self) -> None:
        """The guest waits."""
        sound = np.concatenate(self._heard)[:_MOST_SAMPLES] if self._heard else np.zeros(0, np.int16)
        self._heard.clear()
        if len(sound) < _LEAST_SAMPLES:
            self._host.failed("the guest's turn was too short")
        else:
            self._begin(sound)

    def cut(self, heard: Sequence[Heard]) -> None:
        """Give the answer up; what was heard of it was said."""
        with self._lock:
            answer, self._answer = self._answer, None
        if answer is not None:
            answer.turn.cancel()
            self._history.add("assistant", _heard_of(answer, heard))

    def _begin(self, sound: Pcm | None) -> None:
        self.cut(())
        with self._lock:
            self._count += 1
            answer = self._answer = _Answer(self._count)
        once(lambda: self._take_turn(answer, sound), "talk-brain", self._problems, _REMEDY).start()

    def _take_turn(self, answer: _Answer, sound: Pcm | None) -> None:
        turn = answer.turn
        if turn.cancelled.is_set():
            return
        try:
            if sound is None:
                self._say(answer, self._script.greeting)
            else:
                text = parts.transcribe(self._three.stt, turn, sound, self._script.language)
                if turn.cancelled.is_set():
                    return
                if not text:
                    self._host.failed("nothing was understood")
                    return
                self._host.guest_said(text)
                self._history.add("user", text)
                self._reply(answer)
        except (PartError, KeyFileFault) as error:
            if not turn.cancelled.is_set():
                self._problems.open(PROBLEM, str(error), _REMEDY)
                self._host.failed(str(error))
            return
        if not turn.cancelled.is_set():
            self._problems.clear(PROBLEM)

    def _reply(self, answer: _Answer) -> None:
        """Read the answer while a second thread has its sentences said. Raises PartError."""
        turn = answer.turn
        waiting: queue.Queue[str | None] = queue.Queue(_WAITING)
        faults: list[Exception] = []

        def say_all() -> None:
            while (sentence := waiting.get()) is not None:
                if turn.cancelled.is_set() or faults:
                    continue
                try:
                    self._say(answer, sentence)
                except Exception as error:  # noqa: BLE001 - raised below, on the turn's thread
                    faults.append(error)

        voice = once(say_all, "talk-brain-voice", self._problems, _REMEDY)
        voice.start()
        try:
            for sentence in sentences(parts.complete(self._three.llm, turn, self._instructions, self._history.read())):
                if turn.cancelled.is_set() or faults:
                    break
                waiting.put(sentence)
        finally:
            waiting.put(None)
            voice.join()
        if faults:
            raise faults[0]
        with self._lock:
            done = self._answer is answer
        if done and not answer.said:
            self._host.failed("the language model said nothing")

    def _say(self, answer: _Answer, sentence: str) -> None:
        """Raises PartError."""
        text = self._script.take_out(sentence).strip()
        if not any(character.isalnum() for character in text):
            return
        utterance = f"{answer.number}.{len(answer.said)}"
        answer.said[utterance] = (text, 0)
        for pcm in parts.speak(self._three.tts, answer.turn, text, self._script.voice):
            with self._lock:
                if self._answer is not answer:
                    return
                answer.said[utterance] = (text, answer.said[utterance][1] + len(pcm))
                self._host.sound(utterance, pcm)
        self._host.text(utterance, text)
        self._host.over(utterance)


def tags(script: Script) -> str:
    """As the model is to write them."""
    return " ".join(f"[{tag}]" for tag in script.tags)


def _heard_of(answer: _Answer, heard: Sequence[Heard]) -> str:
    """The words that were said before the cut: of a sentence that was cut, as many as fit its share of the sound."""
    played = {one.utterance: one.played_ms for one in heard}
    words: list[str] = []
    for utterance, (text, samples) in answer.said.items():
        if utterance in played:
            share = min(played[utterance] * RATE_HZ / 1000 / max(samples, 1), 1.0)
            words += text.split()[: int(share * len(text.split()))]
        elif samples:
            words.append(text)
    return " ".join(words)
