"""The daemon as a service: tells systemd how it stands, feeds its watchdog, keeps the reason of a bad end."""

from __future__ import annotations

import logging
import threading
from typing import Any, Final

from visaged.app.health_checks import watched
from visaged.app.stages import Stages
from visaged.clock import NS_PER_S, now_ns
from visaged.system.last_end import EndRecord
from visaged.system.notify import FEED, GIVE_UP, READY, STOPPING, Notifier
from visaged.system.watchdog import Watchdog

log = logging.getLogger(__name__)

_STATUS_NS: Final = 2 * NS_PER_S
# Several feeds within the watchdog's time: one that systemd had no room for must not be the end.
_FEEDS: Final = 6
# Stopping and starting, or other settings, take 1 s, on a busy box several, and nobody feeds meanwhile.
_AGAIN_S: Final = 20.0


class SystemdService:
    """``update`` ten times a second from the main thread, ``stopping`` at the end."""

    def __init__(self, stages: Stages, restart_wanted: threading.Event, notifier: Notifier, record: EndRecord) -> None:
        """``restart_wanted`` is set when the watchdog gives up and no service manager would start it again."""
        self._stages = stages
        self._restart_wanted = restart_wanted
        self._notifier = notifier
        self._record = record
        self._watchdog = Watchdog(watched(stages), stages.metrics, stages.problems)
        self._ready = False
        self._fed_ns = self._told_ns = 0
        self._status = ""
        self._restarts = stages.metrics.counter("watchdog.restarts")
        self._last_end = record.read()
        if self._last_end is not None:
            log.warning("the run before this one did not end well: %s", self._last_end.reason)

    def health(self) -> dict[str, Any]:
        """Health's section ``service``. Any thread."""
        end = self._last_end
        return {
            "stage_restarts": self._restarts.value,
            "last_end": None if end is None else end.reason,
            "last_end_time": None if end is None else end.time,
        }

    def update(self) -> None:
        """Look at the stages; feed or give up."""
        time_ns = now_ns()
        given_up = self._watchdog.gave_up is not None
        well = self._watchdog.check(time_ns)
        if not well and not given_up:
            self._give_up()
        if not self._ready:
            self._become_ready()
        watchdog_s = self._notifier.watchdog_s
        if well and watchdog_s is not None and time_ns - self._fed_ns > watchdog_s * NS_PER_S / _FEEDS:
            self._notifier.tell(FEED)
            self._fed_ns = time_ns
        if time_ns - self._told_ns > _STATUS_NS:
            self._told_ns = time_ns
            self._tell_status()

    def reloading(self) -> None:
        """Settings are about to be read again; ready again at the next ``update``."""
        # A model may have to be opened and timed.
        self._notifier.tell_patience(_AGAIN_S)
        self._notifier.tell_reloading()
        self._ready = False

    def stopping(self, *, again: bool) -> None:
        """The daemon is about to stop, to end or to start ``again`` in the same process."""
        if again:
            # The next READY ends it.
            self._notifier.tell_reloading()
            self._notifier.tell_patience(_AGAIN_S)
        else:
            self._notifier.tell(STOPPING)

    def ended(self) -> None:
        """All stages have ended cleanly."""
        self._record.end()

    def _become_ready(self) -> None:
        """Ready is who has shown a pose, not who has read its settings."""
        if self._stages.output.ticks == 0:
            return
        # It waits for the disk: not on the way to the first pose, and before the watchdog begins to count.
        self._record.begin()
        self._ready = self._notifier.tell(READY) or not self._notifier.active
        watchdog_s = self._notifier.watchdog_s
        if watchdog_s is not None:
            # After a restart in the same process it still has the patience that this took.
            self._notifier.tell_patience(watchdog_s)

    def _give_up(self) -> None:
        self._record.explain(self._watchdog.gave_up or "")
        if self._notifier.watchdog_s is None:
            # Nobody else would start it again.
            self._restart_wanted.set()
        else:
            self._notifier.tell(GIVE_UP)

    def _tell_status(self) -> None:
        stages = self._stages
        problems = ", ".join(problem.code for problem in stages.problems.current())
        values = stages.metrics.values()
        targets = ", ".join(stages.settings.livelink.targets)
        status = (
            f"{stages.settings.livelink.fps} fps to {targets}; input {values.get('audio.input') or 'none'}; "
            f"solver {values.get('solver.name') or 'none'}; {problems or 'no problems'}"
        )
        if status != self._status and self._notifier.tell_status(status):
            self._status = status
