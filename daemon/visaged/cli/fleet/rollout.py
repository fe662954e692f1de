"""Rollout in waves with health gates: a change goes to a few boxes first, and comes back from all when they degrade."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from visaged.cli.fleet.boxes import Box
from visaged.cli.fleet.changes import Change, ask_all
from visaged.cli.fleet.link import FleetLink
from visaged.control.protocol.events import Event

# A pack or model may come over a slow line; everything else answers in seconds.
ANSWER_S: Final = 900.0
# Frame rate below this share of the one before, or latency this much above it, is a box that got worse.
_FPS_SHARE: Final = 0.95
_LATENCY_FACTOR: Final = 1.5
_LATENCY_MS: Final = 10.0

Say = Callable[[str], None]


class RolloutError(Exception):
    """The rollout cannot begin; the message says why and what is accepted."""


@dataclass
class Outcome:
    """How a rollout ended."""

    changed: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """Box -> what went wrong with it; empty when all is well."""
    not_rolled_back: dict[str, str] = field(default_factory=dict)


def parse_waves(text: str, count: int) -> list[int]:
    """How many boxes in each wave, from ``1,10%,100%`` (cumulative counts or shares). Raises RolloutError."""
    ends: list[int] = []
    for word in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,6})(%?)\s*", word)
        if match is None or int(match[1]) == 0 or (match[2] and int(match[1]) > 100):
            raise RolloutError(f"'{word}' is not a wave; expected counts or shares that grow, such as 1,10%,100%")
        ends.append(-(-count * int(match[1]) // 100) if match[2] else int(match[1]))
    ends = [min(end, count) for end in ends]
    if ends != sorted(ends):
        raise RolloutError(f"the waves {text} do not grow; expected such as 1,10%,100%")
    sizes = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return [size for size in sizes if size > 0]


class Rollout:
    """One change, to some boxes, in waves."""

    def __init__(self, link: FleetLink, change: Change, soak_s: float, say: Say) -> None:
        """``soak_s``: how long a wave is watched before the next one."""
        self._link = link
        self._change = change
        self._soak_s = soak_s
        self._say = say
        self._rejected: dict[str, str] = {}
        link.listen(self._on_event)

    def run(self, boxes: Sequence[Box], waves: Sequence[int]) -> Outcome:
        """Change the boxes wave by wave; stop and undo everything at the first wave with a failure."""
        outcome = Outcome()
        before = {box.device_id: Box(box.device_id, box.status, box.health) for box in boxes}
        waiting = [box.device_id for box in boxes]
        for number, size in enumerate(waves, 1):
            wave, waiting = waiting[:size], waiting[size:]
            self._say(f"wave {number} of {len(waves)}: {', '.join(wave)}")
            outcome.failures = self._change.prepare(self._link, wave)
            if not outcome.failures:
                outcome.changed += wave
                outcome.failures = self._send(wave)
            if not outcome.failures:
                outcome.failures = self._soak(wave, before)
            if outcome.failures:
                for device_id, failure in outcome.failures.items():
                    self._say(f"  {device_id}: {failure}")
                self._undo(outcome)
                return outcome
            self._say(f"  {len(wave)} well after {self._soak_s:g} s")
        return outcome

    def _send(self, wave: Sequence[str]) -> dict[str, str]:
        return ask_all(self._link, wave, self._change.command, self._change.fields, ANSWER_S)[1]

    def _soak(self, wave: Sequence[str], before: dict[str, Box]) -> dict[str, str]:
        """Watch the wave; returns at the first failure, or when the time is over."""

        def failures() -> dict[str, str]:
            found: dict[str, str] = {}
            for device_id in wave:
                reason = self._rejected.get(device_id) or worse(before[device_id], self._link.boxes.get(device_id))
                if reason:
                    found[device_id] = reason
            return found

        self._link.wait(lambda: bool(failures()), self._soak_s)
        return failures()

    def _undo(self, outcome: Outcome) -> None:
        if outcome.changed:
            outcome.not_rolled_back = self._change.undo(self._link, outcome.changed)
        for device_id in outcome.changed:
            failure = outcome.not_rolled_back.get(device_id)
            self._say(f"  {device_id} is " + (f"not rolled back: {failure}" if failure else "rolled back"))

    def _on_event(self, device_id: str, event: Event) -> None:
        if event.event == "config_rejected":
            self._rejected[device_id] = f"the box put the settings back: {event.data.get('reason')}"


def worse(before: Box, now: Box) -> str:
    """What has become worse with a box; empty when nothing has."""
    if not now.alive:
        return f"is {now.state}"
    new = now.problem_codes - before.problem_codes
    if new or (now.state == "degraded" and before.state == "online"):
        return f"is {now.state}, new problems: {', '.join(sorted(new)) or 'not told yet'}"
    if before.health is None or now.health is None:
        return ""
    fps_before, fps = before.health.livelink.fps, now.health.livelink.fps
    if fps_before and fps is not None and fps < _FPS_SHARE * fps_before:
        return f"sends {fps:.1f} frames per second, before {fps_before:.1f}"
    late_before = before.health.latency.voice_to_packet_p95_ms
    late = now.health.latency.voice_to_packet_p95_ms
    if late_before and late and late > max(_LATENCY_FACTOR * late_before, late_before + _LATENCY_MS):
        return f"is late by {late:.0f} ms (p95), before {late_before:.0f} ms"
    return ""
