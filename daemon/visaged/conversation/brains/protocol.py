"""What a brain is to the session, and the session to a brain. Sound between them is int16 [n], mono, 24 kHz."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 24_000
"""Of the sound between session and brain."""

Pcm = NDArray[np.int16]
"""int16 [n], mono, 24 kHz."""


@dataclass(frozen=True)
class Heard:
    """How much of an utterance left the speaker before it was cut off."""

    utterance: str
    played_ms: int
    """Counted in samples that left the speaker, rounded down."""


@dataclass(frozen=True)
class ToolCall:
    """The brain asks the box to do something."""

    call_id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Tool:
    """What a brain may ask for."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema of its arguments."""


@dataclass(frozen=True)
class Script:
    """What a brain is told of its part."""

    instructions: str = ""
    greeting: str = ""
    """Said at the beginning; empty: the guest begins."""
    language: str = ""
    """ISO 639-1; empty: the brain's choice."""
    voice: str = ""
    """The name that the brain knows it by; empty: its own choice."""
    tools: Sequence[Tool] = field(default_factory=tuple)
    tags: Sequence[str] = ()
    """For brains without tools: words in square brackets that show something on the face."""
    take_out: Callable[[str], str] = lambda text: text
    """Does the tags in what is about to be said, and takes them out."""


class Host(Protocol):
    """What a brain tells the session. Any thread; returns at once and never raises."""

    def connected(self) -> None:
        """The brain can hear."""
        ...

    def disconnected(self, why: str, remedy: str) -> None:
        """It cannot; it sees to that by itself."""
        ...

    def guest_began(self) -> None:
        """The brain hears the guest begin to speak."""
        ...

    def guest_ended(self) -> None:
        """And end."""
        ...

    def guest_said(self, text: str) -> None:
        """What the guest said, as the brain understood it."""
        ...

    def sound(self, utterance: str, pcm: Pcm) -> None:
        """More of an answer, faster or slower than real time. ``utterance``: names it in ``Heard``."""
        ...

    def text(self, utterance: str, text: str) -> None:
        """More of the words of an answer."""
        ...

    def over(self, utterance: str) -> None:
        """All sound of it is here."""
        ...

    def call(self, call: ToolCall) -> str:
        """Do it; returns what to tell the brain."""
        ...

    def failed(self, why: str) -> None:
        """There will be no answer to this turn."""
        ...


class Brain(Protocol):
    """Made with a ``Host``. No method waits or raises; ``start`` and ``stop`` from one thread at a time."""

    name: str
    """For health and the log, without secrets."""
    hears_all: bool
    """It finds the guest's turns itself, in sound without gaps; else the session does, and it hears turns alone."""

    def start(self) -> None:
        """Connect, on threads of its own, and again whenever that is lost."""
        ...

    def stop(self) -> None:
        """Forget the conversation; nothing comes any more."""
        ...

    def forget(self) -> None:
        """Another guest: begin a conversation that knows nothing of the one before. Any thread."""
        ...

    def hear(self, pcm: Pcm) -> None:
        """The next sound of the guest. The session's thread."""
        ...

    def begin_turn(self) -> None:
        """The guest speaks; what they said just before comes first with ``hear``. Unless ``hears_all``."""
        ...

    def end_turn(self) -> None:
        """The guest waits for an answer. Unless ``hears_all``."""
        ...

    def cut(self, heard: Sequence[Heard]) -> None:
        """Stop answering: the guest heard this much of each answer that was not at its end."""
        ...
