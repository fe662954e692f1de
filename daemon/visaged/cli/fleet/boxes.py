"""The boxes of a fleet as their retained status and health messages describe them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from pydantic import ValidationError

from visaged.control.protocol.health_model import BoxStatus, Health


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
    """All boxes that were heard of, by id."""

    def __init__(self) -> None:
        self._boxes: dict[str, Box] = {}

    def __len__(self) -> int:
        return len(self._boxes)

    def heard(self, device_id: str, kind: str, payload: bytes) -> None:
        """Take in a status or health message; an empty one forgets the box, what is no such message is passed over."""
        if not payload:
            self._boxes.pop(device_id, None)
            return
        box = self._boxes.setdefault(device_id, Box(device_id))
        try:
            if kind == "status":
                box.status = BoxStatus.model_validate_json(payload)
            else:
                box.health = Health.model_validate_json(payload)
        except ValidationError:
            # A box of another version, or something else on that topic: show what is known.
            return

    def all(self) -> list[Box]:
        """Every box, by id."""
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
