"""What can be rolled out, and how each is taken back: settings, a capsule pack, a model."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from visaged.cli.fleet.gates import Rates, read_rate
from visaged.cli.fleet.link import Answer, FleetLink
from visaged.cli.fleet.messages import BadMessage, read_data
from visaged.control.protocol.commands.config import ConfigGot
from visaged.control.protocol.commands.models import ModelsListed

# Reading settings or the list of models is quick; putting something back may load a model or fetch a pack.
_QUICK_S: Final = 10.0
_SLOW_S: Final = 900.0
# A box whose settings are on probation says "busy" for some seconds.
_BUSY_PAUSE_S: Final = 2.0

Failures = dict[str, str]
"""Box -> what went wrong."""


class Change(Protocol):
    """One command that goes to every box."""

    command: str
    fields: dict[str, Any]

    def prepare(self, link: FleetLink, ids: Sequence[str]) -> Failures:
        """Note what the boxes have now, so that it can be brought back."""
        ...

    def rates(self, link: FleetLink, ids: Sequence[str]) -> tuple[dict[str, Rates], Failures]:
        """What has become of the packet rate the boxes are set to; of those that are left out: nothing."""
        ...

    def undo(self, link: FleetLink, ids: Sequence[str]) -> Failures:
        """Bring back what ``prepare`` noted."""
        ...


class ConfigChange:
    """``config.set``; taken back with the values that were in effect."""

    command = "config.set"

    def __init__(self, settings: dict[str, Any]) -> None:
        self.fields = {"settings": settings}
        self._settings = settings
        self._before: dict[str, dict[str, Any]] = {}
        self._livelink: dict[str, Mapping[str, Any]] = {}

    def prepare(self, link: FleetLink, ids: Sequence[str]) -> Failures:
        """Ask for the settings in effect."""
        answers, failures = ask_all(link, ids, "config.get", {}, _QUICK_S)
        for device_id, answer in answers.items():
            try:
                settings = read_data(ConfigGot, answer.data).settings
            except BadMessage as error:
                failures[device_id] = f"its answer to config.get cannot be read: {error}"
                continue
            self._before[device_id] = {"settings": _picked(settings, self._settings)}
            self._livelink[device_id] = _table(settings.get("livelink"))
        return failures

    def rates(self, link: FleetLink, ids: Sequence[str]) -> tuple[dict[str, Rates], Failures]:
        """Ask for the rate in effect where the change touches it."""
        if "livelink" not in self._settings:
            return {}, {}
        answers, failures = ask_all(link, ids, "config.get", {"section": "livelink"}, _QUICK_S)
        found: dict[str, Rates] = {}
        for device_id, answer in answers.items():
            try:
                after = _table(read_data(ConfigGot, answer.data).settings.get("livelink"))
                before = self._livelink.get(device_id, {})
                found[device_id] = Rates(read_rate(before.get("fps")), read_rate(after.get("fps")))
            except BadMessage as error:
                failures[device_id] = f"its answer to config.get cannot be read: {error}"
        return found, failures

    def undo(self, link: FleetLink, ids: Sequence[str]) -> Failures:
        """Set the values before; a box that has put them back itself does not mind."""
        return _ask_each(link, ids, self.command, self._before)


class _SameRate:
    """What packs and models have in common: the packet rate is not theirs."""

    def rates(self, link: FleetLink, ids: Sequence[str]) -> tuple[dict[str, Rates], Failures]:
        """None changes."""
        return {}, {}


class PackChange(_SameRate):
    """``pack.install``; taken back by installing the pack before, when its place was given."""

    command = "pack.install"

    def __init__(self, url: str, sha256: str, previous: tuple[str, str] | None) -> None:
        """``previous``: URL and sha256 of the pack to go back to."""
        self.fields: dict[str, Any] = {"url": url, "sha256": sha256}
        self._previous = previous

    def prepare(self, link: FleetLink, ids: Sequence[str]) -> Failures:
        """Nothing to note."""
        return {}

    def undo(self, link: FleetLink, ids: Sequence[str]) -> Failures:
        """Install the pack before."""
        if self._previous is None:
            return dict.fromkeys(ids, "no --previous pack was given; the new one stays")
        url, sha256 = self._previous
        return ask_all(link, ids, self.command, {"url": url, "sha256": sha256}, _SLOW_S)[1]


class ModelChange(_SameRate):
    """``models.select``, after ``models.install`` where a source is given; taken back by selecting the one before."""

    command = "models.select"

    def __init__(self, name: str, version: str | None, source: tuple[str, str] | None) -> None:
        """``source``: URL and sha256 to install from first; None: it is on the boxes already."""
        self.fields: dict[str, Any] = {"name": name} | ({"version": version} if version else {})
        self._name = name
        self._source = source
        self._before: dict[str, dict[str, Any]] = {}

    def prepare(self, link: FleetLink, ids: Sequence[str]) -> Failures:
        """Note the model in use, and install the new one beside it."""
        answers, failures = ask_all(link, ids, "models.list", {}, _QUICK_S)
        for device_id, answer in answers.items():
            try:
                models = read_data(ModelsListed, answer.data).models
            except BadMessage as error:
                failures[device_id] = f"its answer to models.list cannot be read: {error}"
                continue
            selected = [model for model in models if model.selected]
            if not selected:
                failures[device_id] = "no model is selected that one could go back to"
                continue
            noted = next((model for model in selected if model.name == self._name), selected[0])
            self._before[device_id] = {"name": noted.name, "version": noted.version}
        if self._source is None or failures:
            return failures
        url, sha256 = self._source
        return ask_all(link, ids, "models.install", {"url": url, "sha256": sha256}, _SLOW_S)[1]

    def undo(self, link: FleetLink, ids: Sequence[str]) -> Failures:
        """Select the model before; the new one stays on the box, unused."""
        return _ask_each(link, ids, self.command, self._before)


def ask_all(
    link: FleetLink, ids: Sequence[str], command: str, fields: dict[str, Any], timeout_s: float
) -> tuple[dict[str, Answer], Failures]:
    """(what was done, what went wrong), by box; boxes that are busy are asked again until the time is over."""
    deadline = time.monotonic() + timeout_s
    done: dict[str, Answer] = {}
    failures: Failures = {}
    waiting = set(ids)
    while waiting:
        answers = link.ask(sorted(waiting), command, fields, waiting, max(deadline - time.monotonic(), 0.1))
        failures |= dict.fromkeys(waiting - answers.keys(), f"no answer to {command}")
        waiting = set()
        for device_id, answer in answers.items():
            if device_id not in ids:
                continue  # nobody asked it
            if answer.error is None:
                done[device_id] = answer
            elif answer.error.code == "busy" and time.monotonic() + _BUSY_PAUSE_S < deadline:
                waiting.add(device_id)
            else:
                failures[device_id] = answer.reason
        if waiting:
            time.sleep(_BUSY_PAUSE_S)
    return done, failures


def _ask_each(link: FleetLink, ids: Sequence[str], command: str, fields: Mapping[str, dict[str, Any]]) -> Failures:
    """Ask each box with its own fields; boxes with the same ones together."""
    alike: dict[str, list[str]] = defaultdict(list)
    for device_id in ids:
        alike[json.dumps(fields[device_id], sort_keys=True)].append(device_id)
    failures: Failures = {}
    for text, group in alike.items():
        failures |= ask_all(link, group, command, json.loads(text), _SLOW_S)[1]
    return failures


def _picked(values: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``values`` that ``keys`` names; None for what is not there."""
    return {
        key: _picked(_table(values.get(key)), below) if isinstance(below, Mapping) else values.get(key)
        for key, below in keys.items()
    }


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
