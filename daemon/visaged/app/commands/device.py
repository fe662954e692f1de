"""What the commands about the box do here (control/handlers.py: DeviceHandlers)."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone

from visaged.animation.history import PoseHistory
from visaged.clock import NS_PER_S, TickSchedule, now_ns
from visaged.control.handlers import Progress
from visaged.control.protocol.commands import device as d
from visaged.control.protocol.envelope import Nothing
from visaged.curves import CURVES
from visaged.doctor.finding import Finding


class DeviceCommands:
    """``selftest`` runs on the worker, the others on the control thread."""

    def __init__(
        self,
        history: PoseHistory,
        schedule: Callable[[], TickSchedule],
        examine: Callable[[], Iterable[Finding]],
        restart: Callable[[], None],
    ) -> None:
        """``examine``: what visaged doctor would say of the running box; ``restart``: stop cleanly and start again."""
        self._history = history
        self._schedule = schedule
        self._examine = examine
        self._restart = restart

    def selftest(self, request: d.SelfTest, progress: Progress) -> d.SelfTested:
        """As visaged doctor."""
        checks = []
        for finding in self._examine():
            progress(finding.subject, None)
            checks.append(
                d.Check(
                    name=finding.subject,
                    result=finding.verdict,
                    message=finding.text,
                    remedy=finding.remedy or None,
                )
            )
        return d.SelfTested(passed=all(check.result != "fail" for check in checks), checks=tuple(checks))

    def restart(self, request: d.Restart) -> Nothing:
        """After the answer is on its way."""
        timer = threading.Timer(max(request.delay_s, 0.2), self._restart)
        timer.daemon = True
        timer.start()
        return Nothing()

    def snapshot(self, request: d.Snapshot) -> d.Curves:
        """The last seconds of curves."""
        fps = self._schedule().rate_hz
        poses = self._history.newest(round(request.seconds * fps))
        age = timedelta(seconds=(now_ns() - self._history.newest_ns) / NS_PER_S)
        return d.Curves(
            fps=str(fps),
            frames=len(poses),
            names=CURVES,
            newest=datetime.now(timezone.utc) - age if len(poses) else None,
            curves_base64=base64.b64encode(poses.astype("<f2").tobytes()).decode("ascii"),
        )
