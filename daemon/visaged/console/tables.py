"""Tables for people: what one types again is never cut off, and a pipe gets whole lines."""

from __future__ import annotations

import os
import sys

from rich.console import Console, RenderableType
from rich.style import StyleType
from rich.table import Column, Table
from rich.text import Text

from visaged.printable import printable

# Wider than any row: in a pipe or a file nothing is folded.
_PIPE_WIDTH = 500


class PlainTable(Table):
    """A table whose cells are text, never markup, and printable whoever wrote it."""

    def add_row(self, *cells: RenderableType | None, style: StyleType | None = None, end_section: bool = False) -> None:
        """As rich's."""
        shown = (Text(printable(cell)) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*shown, style=style, end_section=end_section)


def plain_table(whole: str, *others: str) -> PlainTable:
    """A table without lines; the column ``whole`` is never folded, the ``others`` fold rather than being cut."""
    columns = (Column(whole, no_wrap=True, overflow="fold"), *(Column(name, overflow="fold") for name in others))
    return PlainTable(*columns, box=None, pad_edge=False)


def line_console() -> Console:
    """A console on standard output that folds only where somebody looks: in a pipe a line stays a line."""
    narrow = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if narrow else _PIPE_WIDTH, highlight=False)


def print_table(table: Table) -> None:
    """To standard output."""
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False).print(table)
