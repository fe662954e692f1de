"""Events: things that happened on the box, told once to whoever listens (MQTT ``event/<kind>``)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, Final, Literal, get_args

from pydantic import AwareDatetime, Field

from visaged.control.protocol.envelope import Data
from visaged.problems import Problem

log = logging.getLogger(__name__)

Kind = Literal[
    "speech_start",
    "speech_end",
    "answer_start",
    "answer_end",
    "barge_in",
    "conversation",
    "caption",
    "capsule_start",
    "capsule_end",
    "capsule_miss",
    "config_applied",
    "config_rejected",
    "device_lost",
    "device_back",
    "model_changed",
    "model_installed",
    "pack_installed",
    "progress",
    "problem",
    "problem_over",
    "error",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_DEVICES: Final = {"audio_input_lost": "input", "audio_output_lost": "output"}
"""Problems that are told as the loss of a device, too."""


class Event(Data):
    """What is published. Only ``caption``, which is off unless set, holds what a guest said."""

    event: Kind
    time: AwareDatetime = Field(description="When it happened, UTC")
    data: dict[str, Any] = Field(default={}, description="Figures of the kind: see docs/mqtt.md")


class Events:
    """Hands events to listeners. ``tell`` is called from any thread but the sender's, never from a tick."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call ``listener(event)`` for each event, on the thread that tells it; it must not wait."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[Event], None]) -> None:
        """Undo ``listen``."""
        self._listeners = [known for known in self._listeners if known != listener]

    def tell(self, kind: Kind, /, **values: Any) -> None:
        """Something happened now; ``values`` are plain JSON values."""
        event = Event(event=kind, time=datetime.now(timezone.utc), data=values)
        log.debug("event %s %s", kind, values)
        for listener in self._listeners:
            listener(event)

    def tell_notice(self, notice: Mapping[str, Any]) -> None:
        """For what capsules tell of themselves: ``kind`` and its values."""
        values = dict(notice)
        kind = values.pop("kind")
        if kind in KINDS:
            self.tell(kind, **values)

    def tell_problem(self, problem: Problem, is_open: bool) -> None:
        """For ``Problems.listen``: problems come and go as events; a sound device also as lost and back."""
        if problem.code in _DEVICES:
            self.tell("device_lost" if is_open else "device_back", device=_DEVICES[problem.code])
        if is_open:
            self.tell("problem", code=problem.code, message=problem.message, remedy=problem.remedy)
        else:
            self.tell("problem_over", code=problem.code)
