"""Tables of boxes and of answers, for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from visaged.cli.fleet.boxes import Box
from visaged.cli.fleet.link import Answer

_COLOURS: Final = {"online": "green", "degraded": "yellow", "stopped": "bright_black", "offline": "red"}
# Health comes every 10 s by default; three missed are worth a look.
_OLD_S: Final = 30.0
_NOTHING: Final = Text("-", style="bright_black")


def boxes_table(boxes: Sequence[Box], title: str = "") -> Table:
    """One row per box."""
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for name in ("box", "state", "version", "groups"):
        table.add_column(name, no_wrap=name != "groups")
    for name in ("fps", "p95 ms", "CPU °C", "GPU °C", "CPU %", "health"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("solver", no_wrap=True)
    table.add_column("problems")
    for box in boxes:
        table.add_row(*_row(box))
    return table


def answers_table(asked: Iterable[str], answers: dict[str, Answer]) -> Table:
    """One row per box that was asked or answered; those that did not answer last."""
    table = Table(header_style="bold")
    table.add_column("box", no_wrap=True)
    table.add_column("answer", no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("what")
    silent = sorted(set(asked) - answers.keys())
    for device_id in sorted(answers):
        answer = answers[device_id]
        word = Text("ok", style="green") if answer.ok else Text("error", style="red")
        what = _short(answer.data) if answer.ok else answer.reason
        table.add_row(device_id, word, f"{answer.seconds * 1000:.0f}", Text(what))
    for device_id in silent:
        table.add_row(device_id, Text("no answer", style="red"), _NOTHING, _NOTHING)
    return table


def _row(box: Box) -> list[Text | str]:
    state = Text(box.state, style=_COLOURS.get(box.state, "magenta"))
    status, health = box.status, box.health
    front: list[Text | str] = [
        Text(box.device_id),
        state,
        Text(status.version) if status else _NOTHING,
        Text(", ".join(status.groups)) if status and status.groups else _NOTHING,
    ]
    if health is None:
        return [*front, *[_NOTHING] * 8]
    age = box.age_s or 0.0
    problems = ", ".join(sorted(box.problem_codes))
    return [
        *front,
        _figure(health.livelink.fps),
        _figure(health.latency.voice_to_packet_p95_ms),
        _figure(health.system.cpu_temp_c),
        _figure(health.system.gpu_temp_c),
        _figure(health.process.cpu_percent),
        Text(f"{age:.0f} s", style="red" if age > _OLD_S and box.alive else ""),
        Text(health.solver.name or "-"),
        Text(problems, style="yellow") if problems else _NOTHING,
    ]


def _figure(value: float | None) -> Text:
    return _NOTHING if value is None else Text(f"{value:.1f}")


def _short(data: dict[str, object]) -> str:
    text = ", ".join(f"{key} {value}" for key, value in data.items() if value is not None)
    return text if len(text) <= 100 else text[:99] + "…"
