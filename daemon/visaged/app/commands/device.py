"""The commands about the box: selftest, restart, snapshot."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from visaged.app.stages import Stages
from visaged.clock import NS_PER_S, now_ns
from visaged.config import Settings
from visaged.control.protocol.commands import device as d
from visaged.control.protocol.envelope import Nothing
from visaged.control.registry import Progress, Registry
from visaged.curves import CURVES
from visaged.doctor import conversation, machine, models, network
from visaged.doctor.finding import Finding


class DeviceCommands:
    """``selftest`` runs on the worker, the others on the control thread."""

    def __init__(self, stages: Stages, restart_wanted: threading.Event) -> None:
        """``restart_wanted`` is set to stop cleanly and start again."""
        self._stages = stages
        self._restart_wanted = restart_wanted

    def serve(self, registry: Registry) -> None:
        """Register them."""
        registry.serve(d.SELFTEST, self.selftest)
        registry.serve(d.RESTART, self.restart)
        registry.serve(d.SNAPSHOT, self.snapshot)

    def selftest(self, request: d.SelfTest, progress: Progress) -> d.SelfTested:
        """As visaged doctor."""
        checks = []
        for finding in self._examine(self._stages.settings):
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
        timer = threading.Timer(max(request.delay_s, 0.2), self._restart_wanted.set)
        timer.daemon = True
        timer.start()
        return Nothing()

    def snapshot(self, request: d.Snapshot) -> d.Curves:
        """The last seconds of curves."""
        fps = self._stages.output.schedule.rate_hz
        history = self._stages.animation.history
        poses = history.newest(round(request.seconds * fps))
        age = timedelta(seconds=(now_ns() - history.newest_ns) / NS_PER_S)
        return d.Curves(
            fps=str(fps),
            frames=len(poses),
            names=CURVES,
            newest=datetime.now(timezone.utc) - age if len(poses) else None,
            curves_base64=base64.b64encode(poses.astype("<f2").tobytes()).decode("ascii"),
        )

    def _examine(self, settings: Settings) -> Iterator[Finding]:
        """What visaged doctor would say of the running box."""
        yield from machine.check(settings)
        yield from network.check(settings)
        yield from models.check(settings, self._stages.model_roots)
        yield from conversation.check(settings, self._stages.model_roots)
