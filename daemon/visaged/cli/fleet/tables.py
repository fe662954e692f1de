"""Boxes and answers, for a person: a table that fits the terminal, and one line per answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.table import Table
from rich.text import Text

from visaged.cli.fleet.boxes import Box
from visaged.cli.fleet.link import Answer
from visaged.control.protocol.health_model import Health
from visaged.printable import NAME, printable, printable_json

_COLOURS: Final = {"online": "green", "degraded": "yellow", "stopped": "bright_black", "offline": "red"}
# Health comes every 10 s by default; three missed are worth a look.
_OLD_S: Final = 30.0
_NOTHING: Final = Text("-", style="bright_black")
_GAP: Final = 2
# A column of words may fold down to this; ids and problem codes are seldom longer.
_FOLDED: Final = 24
# No figure of a box is so large; one that is must not make its column wide.
_WIDE: Final = 1e5
# More JSON than this is for a program.
_JSON_SHOWN: Final = 4000


class _Column(NamedTuple):
    name: str
    cell: Callable[[Box], Text]
    folds: bool = False
    right: bool = False
    rank: int = 0
    """Where there is no room, the column of the highest rank goes first; 0 stays."""


class BoxesTable:
    """One row per box; on a narrow terminal with fewer columns rather than with cut words."""

    def __init__(self, boxes: Sequence[Box], title: str = "") -> None:
        self._boxes = boxes
        self._title = title

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it (rich)."""
        cells = {column: [column.cell(box) for box in self._boxes] for column in _COLUMNS}
        least = {column: _least_width(column, cells[column]) for column in _COLUMNS}
        shown, left_out = list(_COLUMNS), []
        while sum(least[column] + _GAP for column in shown) - _GAP > options.max_width:
            last = max(shown, key=lambda column: column.rank)
            if last.rank == 0:
                least = {}
                break
            shown.remove(last)
            left_out.append(last.name)
        table = Table(title=Text(self._title) if self._title else None, title_justify="left", header_style="bold")
        table.box, table.pad_edge, table.padding = None, False, (0, _GAP, 0, 0)
        for column in shown:
            width = least.get(column) if column.folds else None
            justify: JustifyMethod = "right" if column.right else "left"
            table.add_column(column.name, justify=justify, min_width=width, no_wrap=not column.folds, overflow="fold")
        for row in zip(*(cells[column] for column in shown), strict=True):
            table.add_row(*row)
        yield table
        if left_out:
            yield Text(
                f"no room for {', '.join(reversed(left_out))}: a wider terminal or --json shows all", style="dim"
            )


def answer_lines(asked: Iterable[str], answers: dict[str, Answer]) -> list[Text]:
    """A line for each box that was asked or answered: what it says is JSON. Those that did not answer come last."""
    silent = sorted(set(asked) - answers.keys())
    names = {device_id: printable(device_id, NAME) for device_id in (*answers, *silent)}
    width = max((len(name) for name in names.values()), default=0)
    lines = []
    for device_id in sorted(answers):
        answer = answers[device_id]
        word = ("ok   ", "green") if answer.ok else ("error", "red")
        what = _data(answer) if answer.ok else printable(answer.reason)
        name = f"{names[device_id]:{width}}  "
        lines.append(Text.assemble(name, word, f"  {answer.seconds * 1000:5.0f} ms  ", what))
    return lines + [Text.assemble(f"{names[device_id]:{width}}  ", ("no answer", "red")) for device_id in silent]


def _least_width(column: _Column, cells: Sequence[Text]) -> int:
    longest = max((cell.cell_len for cell in cells), default=0)
    return max(len(column.name), min(longest, _FOLDED) if column.folds else longest)


def _data(answer: Answer) -> str:
    text = printable_json(answer.data)
    return text if len(text) <= _JSON_SHOWN else f"({len(text)} characters of JSON: --json prints them)"


def _state(box: Box) -> Text:
    return Text(box.state, style=_COLOURS.get(box.state, "magenta"))


def _words(text: str | None, style: str = "", at_most: int = NAME) -> Text:
    return Text(printable(text, at_most), style=style) if text else _NOTHING


def _figure(figure: Callable[[Health], float | None]) -> Callable[[Box], Text]:
    def cell(box: Box) -> Text:
        value = None if box.health is None else figure(box.health)
        return _NOTHING if value is None else Text(f"{value:.1f}" if abs(value) < _WIDE else f"{value:.0e}")

    return cell


def _age(box: Box) -> Text:
    if box.age_s is None:
        return _NOTHING
    return Text(f"{box.age_s:.0f} s", style="red" if box.age_s > _OLD_S and box.alive else "")


_COLUMNS: Final = (
    _Column("box", lambda box: _words(box.device_id), folds=True),
    _Column("state", _state),
    _Column("version", lambda box: _words(box.status.version if box.status else None), rank=5),
    _Column(
        "groups", lambda box: _words(", ".join(box.status.groups) if box.status else None, "", 500), folds=True, rank=3
    ),
    _Column("fps", _figure(lambda health: health.livelink.fps), right=True),
    _Column("p95 ms", _figure(lambda health: health.latency.voice_to_packet_p95_ms), right=True),
    _Column("CPU °C", _figure(lambda health: health.system.cpu_temp_c), right=True, rank=4),
    _Column("GPU °C", _figure(lambda health: health.system.gpu_temp_c), right=True, rank=7),
    _Column("CPU %", _figure(lambda health: health.process.cpu_percent), right=True, rank=6),
    _Column("health", _age, right=True, rank=1),
    _Column("solver", lambda box: _words(box.health.solver.name if box.health else None), rank=2),
    _Column("problems", lambda box: _words(", ".join(sorted(box.problem_codes)), "yellow", 500), folds=True),
)
