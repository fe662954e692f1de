"""A box whose settings are changed: a face that ticks, a broker that is reached, and a file in a folder of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from visaged.config.load import load
from visaged.config.schema import Settings
from visaged.control import commit_confirm
from visaged.control.config_handlers import ConfigHandlers, ConfigHooks
from visaged.control.config_store import ConfigStore
from visaged.control.protocol.commands.config import ConfigApplied, ConfigSet
from visaged.control.protocol.events import Event, Events
from visaged.control.protocol.refusal import Refusal

TEXT = "# mine\n[face]\nintensity = 1.0\n\n[mqtt]\nenabled = true\nhost = 'one'\n"


@dataclass
class Box:
    """A face that ticks unless stopped, and a broker that is reached at some hosts."""

    path: Path
    applied: list[Settings] = field(default_factory=list)
    refuse: Refusal | None = None
    alive: bool = True
    reachable: tuple[str, ...] = ("one",)
    ticks: int = 0
    failures: frozenset[str] = frozenset({"a stage was restarted long ago"})
    entered: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    """Applying waits for it; set unless a test clears it."""
    told: list[Event] = field(default_factory=list)
    verdict: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.go_on.set()
        self.path.write_text(TEXT)
        self.store = ConfigStore(self.path)
        overrides = ["runtime.log_level=debug"]
        self.settings = load(self.path, overrides)
        events = Events()
        events.listen(self._tell)
        hooks = ConfigHooks(
            self._apply,
            self._tick,
            lambda: self.settings.mqtt.host in self.reachable,
            lambda: self.failures,
        )
        self.handlers = ConfigHandlers(self.store, self.settings, hooks, events, overrides)

    def set(self, settings: dict[str, Any], **fields: Any) -> ConfigApplied:
        return self.handlers.config_set(ConfigSet(settings=settings, **fields), lambda doing, percent: None)

    def _apply(self, settings: Settings) -> None:
        self.entered.set()
        assert self.go_on.wait(PATIENCE_S)
        if self.refuse is not None:
            raise self.refuse
        self.applied.append(settings)
        self.settings = settings

    def _tick(self) -> int:
        self.ticks += self.alive
        return self.ticks

    def _tell(self, event: Event) -> None:
        self.told.append(event)
        if event.event in ("config_applied", "config_rejected"):
            self.verdict.set()


def refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value


def at_fifty_times_the_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probation, until the test ends."""
    for name in ("FACE_S", "BROKER_S", "_LOOK_S", "_STILL_S"):
        monkeypatch.setattr(commit_confirm, name, getattr(commit_confirm, name) / 50)
