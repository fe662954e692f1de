"""What the face does beside speaking: it listens, thinks and speaks, by the contexts of the capsules' tables.

A context set by somebody else (a command, a packet) is left alone, and comes back when the conversation pauses.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Literal

from visaged.capsules.errors import CapsuleError

if TYPE_CHECKING:
    from visaged.capsules.service import Capsules

log = logging.getLogger(__name__)

State = Literal["connecting", "listening", "hearing", "thinking", "speaking"]
"""listening: nobody speaks. hearing: the guest speaks. thinking: the brain has not answered yet."""

CONTEXTS: Final[dict[State, str]] = {"hearing": "listening", "thinking": "thinking", "speaking": "speaking"}


class ConversationFace:
    """One conversation. One thread at a time."""

    def __init__(self, capsules: Capsules, *, enabled: bool) -> None:
        self._capsules = capsules
        self._enabled = enabled
        self._before: str | None = None
        self._shown = ""

    def show(self, state: State) -> None:
        """Look like ``state``."""
        if not self._enabled:
            return
        now = str(self._capsules.statistics()["context"])
        if self._before is not None and now != self._shown:
            self._before = None  # Somebody else has set another: theirs counts.
            self._shown = ""
            return
        wanted = CONTEXTS.get(state)
        try:
            if wanted is None:
                self.restore()
            elif wanted != now:
                self._capsules.set_context(wanted)
                self._before, self._shown = now if self._before is None else self._before, wanted
        except CapsuleError as error:
            log.warning("the face of %s: %s", state, error)

    def restore(self) -> None:
        """The context that was there before. Raises CapsuleError."""
        before, self._before = self._before, None
        if before is not None and str(self._capsules.statistics()["context"]) == self._shown:
            self._capsules.set_context(before)
