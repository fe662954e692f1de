"""The boxes of a fleet as their retained status and health messages describe them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from visaged.cli.fleet.messages import BadMessage, read_health, read_status
from visaged.control.protocol.health_model import BoxStatus, Health

MAX_BOXES: Final = 20_000
"""Kept by one tool: a fleet is some thousands, and anybody who may write below the base can make up ids."""


@dataclass
class Box:
    """One box; what it has not said yet is None."""

    device_id: str
    status: BoxStatus | None = None
    health: Health | None = None

    @property
    def state(self) -> str:
        """online, degraded, stopped, offline; unknown when only its health is there."""
        return self.status.state if self.status else "unknown"

    @property
    def alive(self) -> bool:
        """Whether it can be asked something."""
        return self.state in ("online", "degraded")

    @property
    def age_s(self) -> float | None:
        """How old its health is by our clock, s."""
        if self.health is None:
            return None
        return max((datetime.now(timezone.utc) - self.health.time).total_seconds(), 0.0)

    @property
    def problem_codes(self) -> frozenset[str]:
        """Codes of its open problems."""
        return frozenset(problem.code for problem in self.health.problems) if self.health else frozenset()


class Boxes:
    """All boxes that were heard of, by id. Any thread may read and write."""

    def __init__(self) -> None:
        self._boxes: dict[str, Box] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._boxes)

    def heard(self, device_id: str, kind: str, payload: bytes) -> None:
        """Take in a status or health message; an empty one forgets the box.

        Raises BadMessage: what was known of the box stays, and a box that was not known is listed as unknown.
        """
        with self._lock:
            if not payload:
                self._boxes.pop(device_id, None)
                return
            if device_id not in self._boxes and len(self._boxes) >= MAX_BOXES:
                raise BadMessage(f"{MAX_BOXES} boxes are known already")
            box = self._boxes.setdefault(device_id, Box(device_id))
            if kind == "status":
                box.status = read_status(payload)
            else:
                box.health = read_health(payload)

    def told(self, device_id: str, health: Health) -> None:
        """A box answered how it is."""
        with self._lock:
            if device_id in self._boxes:
                self._boxes[device_id].health = health

    def all(self) -> list[Box]:
        """Every box, by id."""
        with self._lock:
            return [self._boxes[device_id] for device_id in sorted(self._boxes)]

    def get(self, device_id: str) -> Box:
        """One box; one that was never heard of says so by its state."""
        return self._boxes.get(device_id) or Box(device_id)

    def alive(self, ids: Iterable[str] = (), group: str = "") -> list[Box]:
        """Those that can be asked: all, those of ``ids``, or those of ``group``."""
        wanted = set(ids)
        return [
            box
            for box in self.all()
            if box.alive
            and (not wanted or box.device_id in wanted)
            and (not group or (box.status is not None and group in box.status.groups))
        ]
