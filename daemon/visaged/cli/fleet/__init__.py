"""``visaged fleet``: the operator's side, over any MQTT broker: who is there, send something, roll something out."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from visaged.cli.broker_arguments import BrokerOptionError, broker_settings
from visaged.cli.fleet.arguments import add_arguments
from visaged.cli.fleet.changes import Change, ConfigChange, ModelChange, PackChange
from visaged.cli.fleet.link import FleetLink
from visaged.cli.fleet.rollout import Rollout, RolloutError, parse_waves
from visaged.cli.fleet.tables import BoxesTable, answer_lines
from visaged.config.load import ConfigError, read_source
from visaged.console import exit_codes
from visaged.console.say import complain
from visaged.console.tables import line_console
from visaged.control.mqtt.errors import MqttError
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.parse import parse_request
from visaged.control.protocol.refusal import Refusal
from visaged.control.protocol.topics import HOME_ASSISTANT
from visaged.printable import printable_lines

__all__ = ["add_arguments", "run"]

_WATCH_HZ: Final = 2
_SLOW_TIMEOUT_S: Final = 120.0
_TIMEOUT_S: Final = 5.0
# A wave of a thousand boxes is named whole.
_WAVE: Final = 100_000


def run(options: argparse.Namespace) -> int:
    """Carry out the chosen sub-command; returns the exit code."""
    console = line_console()
    commands = {"ls": _ls, "watch": _watch, "send": _send, "rollout": _rollout, "forget": _forget}
    try:
        settings = broker_settings(options)
        _check(options)
        with FleetLink(settings) as link:
            try:
                return commands[options.fleet_command](link, options, console)
            finally:
                if link.bad.total:
                    complain(link.bad.line())
    except MqttError as error:
        complain(f"{error.message}; {error.remedy}")
        return exit_codes.UNAVAILABLE
    except (ConfigError, BrokerOptionError, RolloutError) as error:
        complain(error)
        return exit_codes.USAGE
    except Refusal as error:
        field = f"{error.field}: " if error.field else ""
        complain(f"{field}{error.message}")
        return exit_codes.USAGE


def _ls(link: FleetLink, options: argparse.Namespace, console: Console) -> int:
    link.settle()
    if options.json:
        for box in link.boxes.all():
            content = {
                "device": box.device_id,
                "status": box.status.model_dump(mode="json") if box.status else None,
                "health": box.health.model_dump(mode="json") if box.health else None,
            }
            sys.stdout.write(json.dumps(content) + "\n")
    else:
        console.print(BoxesTable(link.boxes.all()))
    return exit_codes.DONE


def _watch(link: FleetLink, options: argparse.Namespace, console: Console) -> int:
    link.settle()
    end = None if options.seconds is None else time.monotonic() + options.seconds
    with Live(console=console, refresh_per_second=_WATCH_HZ, screen=console.is_terminal) as live:
        while end is None or time.monotonic() < end:
            boxes = link.boxes.all()
            alive = sum(box.alive for box in boxes)
            table = BoxesTable(boxes, f"{alive} of {len(boxes)} boxes alive, {time.strftime('%H:%M:%S')}")
            live.update(Group(table, Text(link.bad.line(), style="red")) if link.bad.total else table)
            time.sleep(1 / _WATCH_HZ)
    return exit_codes.DONE


def _send(link: FleetLink, options: argparse.Namespace, console: Console) -> int:
    link.settle()
    expected = set(options.to or ()) or {box.device_id for box in link.boxes.alive(group=options.group or "")}
    topics = options.to or ([f"group/{options.group}"] if options.group else ["all"])
    timeout_s = options.timeout or (_SLOW_TIMEOUT_S if COMMANDS[options.name].slow else _TIMEOUT_S)
    answers = link.ask(topics, options.name, json.loads(options.fields), expected, timeout_s)
    if options.json:
        for device_id in sorted(expected | answers.keys()):
            answer = answers.get(device_id)
            content = {"device": device_id, "answered": answer is not None}
            if answer is not None:
                content |= {"ok": answer.ok, "data": answer.data, "error": answer.reason, "seconds": answer.seconds}
            sys.stdout.write(json.dumps(content) + "\n")
    else:
        for line in answer_lines(expected, answers):
            console.print(line, soft_wrap=True)
    well = bool(answers) and expected <= answers.keys() and all(answer.ok for answer in answers.values())
    return exit_codes.DONE if well else exit_codes.FAILED


def _rollout(link: FleetLink, options: argparse.Namespace, console: Console) -> int:
    link.settle()
    boxes = link.boxes.alive(options.to or (), options.group or "")
    missing = sorted(set(options.to or ()) - {box.device_id for box in boxes})
    if missing or not boxes:
        raise RolloutError(f"not online: {', '.join(missing) or 'any box that was meant'}; see visaged fleet ls")

    def say(line: str) -> None:
        console.print(Text(printable_lines(line, _WAVE)), soft_wrap=True)

    rollout = Rollout(link, _change(options), options.settle, options.soak, say)
    outcome = rollout.run(boxes, parse_waves(options.waves, len(boxes)))
    if not outcome.failures:
        say(f"done: {len(outcome.changed)} boxes")
        return exit_codes.DONE
    say(f"stopped: {len(outcome.changed) - len(outcome.not_rolled_back)} of {len(outcome.changed)} rolled back")
    return exit_codes.FAILED


def _forget(link: FleetLink, options: argparse.Namespace, console: Console) -> int:
    link.settle()
    for device_id in options.ids:
        if link.boxes.get(device_id).alive:
            raise RolloutError(f"{device_id} is {link.boxes.get(device_id).state}; stop it first")
        for topic in (
            f"{link.base}/{device_id}/status",
            f"{link.base}/{device_id}/health",
            f"{HOME_ASSISTANT}/device/{device_id}/config",
        ):
            link.clear(topic)
    return exit_codes.DONE


def _check(options: argparse.Namespace) -> None:
    """Refuse here what every box would refuse. Raises Refusal, ConfigError, RolloutError."""
    named = (
        *(getattr(options, "ids", None) or getattr(options, "to", None) or ()),
        getattr(options, "group", "") or "",
    )
    for name in named:
        if any(character in name for character in "+#/\0"):
            raise RolloutError(f"'{name}' is no name of a box or group; see visaged fleet ls")
    if options.fleet_command == "send":
        parse_request(COMMANDS[options.name], options.fields.encode())
    elif options.fleet_command == "rollout":
        change = _change(options)
        parse_request(COMMANDS[change.command], json.dumps(change.fields).encode())
        parse_waves(options.waves, 1)
        if options.previous and not options.pack:
            raise RolloutError("--previous belongs to --pack")
        if options.model_from and not options.model:
            raise RolloutError("--model-from belongs to --model")


def _change(options: argparse.Namespace) -> Change:
    if options.set:
        return ConfigChange(_items(options.set))
    if options.pack:
        url, sha256 = options.pack
        return PackChange(url, sha256, tuple(options.previous) if options.previous else None)
    name, _, version = options.model.partition("@")
    return ModelChange(name, version or None, tuple(options.model_from) if options.model_from else None)


def _items(items: Sequence[str]) -> dict[str, Any]:
    """``section.key=value`` items as the settings they mean. Raises ConfigError."""
    return read_source(None, items).from_command_line
