"""Watches a change of settings for some seconds: is the face still moving, is the broker reached again?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from visaged.clock import NS_PER_S, now_ns

FACE_S: Final = 10.0
"""How long the face must go on for a change to be kept."""

# Leaving one broker, a name look-up, TCP, TLS and a first failed try; a wrong address is wrong for longer.
BROKER_S: Final = 20.0
_LOOK_S: Final = 0.25
# The watchdog's patience with a stage: shorter gaps belong to a restart of the stage that was changed.
_STILL_S: Final = 2.0
# Putting settings back may take as long as applying them.
_STOP_S: Final = 5.0


class CommitConfirm:
    """One trial, on a thread of its own ("probation")."""

    def __init__(
        self,
        ticks: Callable[[], int],
        broker: Callable[[], bool] | None,
        finish: Callable[[str | None], None],
        trouble: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``ticks``: how many the sender has done; ``broker``: whether it is reached (None: not to be watched).

        ``trouble``: what went wrong since the change (a stage had to be restarted); None: nothing.
        ``finish(reason)`` is called once, on this thread: None when all was well, else why the change is undone.
        """
        self._ticks = ticks
        self._broker = broker
        self._finish = finish
        self.trouble = trouble
        self.broker_proven = broker is None
        """Whether the broker was reached, or need not be."""
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probation", daemon=True)

    @property
    def seconds(self) -> float:
        """How long it takes when all is well, at most."""
        return FACE_S if self._broker is None else max(FACE_S, BROKER_S)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def cancel(self) -> None:
        """The daemon stops: end without a verdict (the trial file decides at the next start)."""
        self._cancelled.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        began_ns = moved_ns = now_ns()
        ticks = self._ticks()
        while not self._cancelled.wait(_LOOK_S):
            now = now_ns()
            count = self._ticks()
            if count != ticks:
                ticks, moved_ns = count, now
            elapsed_s = (now - began_ns) / NS_PER_S
            if (now - moved_ns) / NS_PER_S > _STILL_S:
                self._finish(f"the face stopped {elapsed_s - _STILL_S:.1f} s after the change")
                return
            if words := self.trouble():
                self._finish(words)
                return
            if self._broker is not None and self._broker():
                self.broker_proven = True
            if not self.broker_proven and elapsed_s > BROKER_S:
                self._finish(f"the broker was not reached within {BROKER_S:.0f} s with the new mqtt settings")
                return
            if self.broker_proven and elapsed_s > FACE_S:
                self._finish(None)
                return
