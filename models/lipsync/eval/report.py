"""An evaluation's figures as a table for the terminal, as markdown and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from models.lipsync.eval.clip import Clip
from models.lipsync.eval.metrics import Figures
from models.lipsync.eval.session import CLEAN, Result, groups


@dataclass(frozen=True)
class Column:
    """``field`` of Figures under ``title``; ``scale`` and ``digits`` for print."""

    field: str
    title: str
    scale: float = 1.0
    digits: int = 0


COLUMNS: Final = (
    Column("bilabials", "p/b/m"),
    Column("closure_recall", "closure recall", 1.0, 3),
    Column("false_closure_share", "false %", 100.0, 1),
    Column("false_closures_per_min", "false /min", 1.0, 1),
    Column("contact_recall", "f/v contact", 1.0, 2),
    Column("rounding_auc", "rounding AUC", 1.0, 3),
    Column("jaw_correlation", "jaw r", 1.0, 2),
    Column("onset_p10_ms", "onset p10", 1.0, 0),
    Column("onset_p50_ms", "p50", 1.0, 0),
    Column("onset_p90_ms", "p90 ms", 1.0, 0),
    Column("jitter_milli", "jitter", 1.0, 1),
)
REST_COLUMNS: Final = (Column("rest_jaw_milli", "jaw", 1.0, 1), Column("rest_mouth_milli", "all mouth curves", 1.0, 1))


_MAIN: Final[tuple[str, ...]] = ("synthetic", "people English", "people, other languages")
_COARSE: Final = ("all", "people", "nobody")
"""The groups of the acceptance set that have tables of their own, where the clips fall into them."""


@dataclass(frozen=True)
class Sheet:
    """One table: ``rows`` are (label, figures)."""

    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[str, Figures]]


def sheets(result: Result, conditions: list[str]) -> list[Sheet]:
    """The tables of a result: all and people and synthetic in clean, the conditions, voices, languages, rest."""
    names = list(dict.fromkeys(contender for contender, _, _ in result.figures))
    found = list(dict.fromkeys(group for _, condition, group in result.figures if condition == CLEAN))
    made = []
    main = [group for group in _MAIN if group in found]
    for group in main or ["all"]:
        made.append(Sheet(f"{group}, clean", COLUMNS, _rows(result, names, CLEAN, group)))
    for condition in conditions:
        if condition != CLEAN:
            for group in main or ["all"]:
                made.append(Sheet(f"{group}, {condition}", COLUMNS, _rows(result, names, condition, group)))
    rest = [group for group in found if group.startswith("rest ")]
    voices = [group for group in found if group not in _COARSE and group not in main]
    for name in names:
        rows = [row for row in _group_rows(result, name, voices) if row[0] not in rest]
        made.append(Sheet(f"{name}: per voice and language, clean", COLUMNS, rows))
    made.append(Sheet("nobody speaks: thousandths of full scale", REST_COLUMNS, _rest_rows(result, names, rest)))
    return [sheet for sheet in made if sheet.rows]


def show(made: list[Sheet], console: Console) -> None:
    """Print the tables."""
    for sheet in made:
        table = Table(title=sheet.title, title_justify="left")
        table.add_column("")
        for column in sheet.columns:
            table.add_column(column.title, justify="right")
        for label, figures in sheet.rows:
            table.add_row(label, *(_text(figures, column) for column in sheet.columns))
        console.print(table)


def markdown(made: list[Sheet]) -> str:
    """The tables as markdown."""
    lines: list[str] = []
    for sheet in made:
        lines += [f"### {sheet.title}", "", "| | " + " | ".join(c.title for c in sheet.columns) + " |"]
        lines.append("|---|" + "---:|" * len(sheet.columns))
        lines += [f"| {label} | " + " | ".join(_text(f, c) for c in sheet.columns) + " |" for label, f in sheet.rows]
        lines.append("")
    return "\n".join(lines)


def write_json(path: Path, result: Result, clips: list[Clip], skipped: list[str], command: str) -> None:
    """Everything measured, with what it was measured on."""
    figures: dict[str, dict[str, dict[str, object]]] = {}
    for (contender, condition, group), values in result.figures.items():
        figures.setdefault(contender, {}).setdefault(condition, {})[group] = values.to_dict()
    about = {
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": command,
        "clips": len(clips),
        "seconds": round(sum(len(clip.sound) for clip in clips) / 48_000, 1),
        "voices": sorted({clip.voice for clip in clips}),
        "labels": {kind: sum(clip.labels == kind for clip in clips) for kind in sorted({c.labels for c in clips})},
        "groups": sorted({group for clip in clips for group in groups(clip)}),
        "skipped": skipped,
        "ms_per_frame": {name: round(value, 4) for name, value in result.ms_per_frame.items()},
        "figures": figures,
    }
    path.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _rows(result: Result, names: list[str], condition: str, group: str) -> list[tuple[str, Figures]]:
    keys = [(name, (name, condition, group)) for name in names]
    return [(name, result.figures[key]) for name, key in keys if key in result.figures]


def _group_rows(result: Result, name: str, found: list[str]) -> list[tuple[str, Figures]]:
    return [(group, result.figures[name, CLEAN, group]) for group in found if (name, CLEAN, group) in result.figures]


def _rest_rows(result: Result, names: list[str], rest: list[str]) -> list[tuple[str, Figures]]:
    keys = [(f"{name}: {group.removeprefix('rest ')}", (name, CLEAN, group)) for name in names for group in rest]
    return [(label, result.figures[key]) for label, key in keys if key in result.figures]


def _text(figures: Figures, column: Column) -> str:
    value = getattr(figures, column.field)
    return "–" if value is None else f"{value * column.scale:.{column.digits}f}"
