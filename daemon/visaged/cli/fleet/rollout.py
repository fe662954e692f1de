"""Rollout in waves with health gates: a change goes to a few boxes first, and comes back from all when they degrade."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from visaged.cli.fleet.boxes import Box
from visaged.cli.fleet.changes import Change, ask_all
from visaged.cli.fleet.gates import worse
from visaged.cli.fleet.link import FleetLink
from visaged.cli.fleet.messages import BadMessage, read_data
from visaged.control.protocol.events import Event
from visaged.control.protocol.health_model import Health

# A pack or model may come over a slow line; everything else answers in seconds.
ANSWER_S: Final = 900.0
# How a box is, it says at once.
_HEALTH_S: Final = 10.0

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

    def __init__(self, link: FleetLink, change: Change, settle_s: float, soak_s: float, say: Say) -> None:
        """``settle_s``: how long a wave may take to settle; ``soak_s``: how long it is watched then."""
        self._link = link
        self._change = change
        self._settle_s = settle_s
        self._soak_s = soak_s
        self._say = say
        self._rejected: dict[str, str] = {}
        link.listen(self._on_event)

    def run(self, boxes: Sequence[Box], waves: Sequence[int]) -> Outcome:
        """Change the boxes wave by wave; stop and undo everything at the first wave with a failure."""
        outcome = Outcome()
        try:
            return self._run(outcome, boxes, waves)
        except KeyboardInterrupt:
            self._say(f"interrupted, not rolled back: {', '.join(outcome.changed) or 'no box was changed'}")
            raise

    def _run(self, outcome: Outcome, boxes: Sequence[Box], waves: Sequence[int]) -> Outcome:
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
                outcome.failures = self._watch(wave, before)
            if outcome.failures:
                for device_id, failure in outcome.failures.items():
                    self._say(f"  {device_id}: {failure}")
                self._undo(outcome)
                return outcome
            self._say(f"  {len(wave)} well after {self._soak_s:g} s")
        return outcome

    def _send(self, wave: Sequence[str]) -> dict[str, str]:
        return ask_all(self._link, wave, self._change.command, self._change.fields, ANSWER_S)[1]

    def _watch(self, wave: Sequence[str], before: dict[str, Box]) -> dict[str, str]:
        """Let the wave settle, then watch it; returns at the first failure, or when the time is over.

        While a change settles a box may be away or send less: another rate or target is another sender, another broker
        another connection. Its figures of that time are of the old setting and the new one together.
        """
        self._link.wait(lambda: bool(self._rejections(wave)), self._settle_s)
        failed = self._rejections(wave) or self._look(wave)
        if failed:
            return failed
        rates, failed = self._change.rates(self._link, wave)
        if failed:
            return failed

        def failures() -> dict[str, str]:
            found = self._rejections(wave)
            for device_id in wave:
                reason = worse(before[device_id], self._link.boxes.get(device_id), rates.get(device_id))
                if reason:
                    found.setdefault(device_id, reason)
            return found

        self._link.wait(lambda: bool(failures()), self._soak_s)
        # The last word is the boxes' own, of now: health may come once an hour.
        return failures() or self._look(wave) or failures()

    def _look(self, wave: Sequence[str]) -> dict[str, str]:
        """Ask the boxes how they are; those that do not answer."""
        answers, failures = ask_all(self._link, wave, "health.get", {}, _HEALTH_S)
        for device_id, answer in answers.items():
            try:
                self._link.boxes.told(device_id, read_data(Health, answer.data))
            except BadMessage as error:
                failures[device_id] = f"its answer to health.get cannot be read: {error}"
        for device_id in failures:
            box = self._link.boxes.get(device_id)
            failures[device_id] = failures[device_id] if box.alive else f"is {box.state}"
        return failures

    def _rejections(self, wave: Sequence[str]) -> dict[str, str]:
        return {device_id: self._rejected[device_id] for device_id in wave if device_id in self._rejected}

    def _undo(self, outcome: Outcome) -> None:
        if outcome.changed:
            outcome.not_rolled_back = self._change.undo(self._link, outcome.changed)
        for device_id in outcome.changed:
            failure = outcome.not_rolled_back.get(device_id)
            self._say(f"  {device_id} is " + (f"not rolled back: {failure}" if failure else "rolled back"))

    def _on_event(self, device_id: str, event: Event) -> None:
        if event.event == "config_rejected":
            self._rejected[device_id] = f"the box put the settings back: {event.data.get('reason')}"
