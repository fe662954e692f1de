"""Tables for people: what one types again is never cut off, and a pipe gets whole lines."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Column, Table

# Wider than any row: in a pipe or a file nothing is folded.
_PIPE_WIDTH = 500


def plain_table(whole: str, *others: str) -> Table:
    """A table without lines; the column ``whole`` is never folded, the ``others`` fold rather than being cut."""
    columns = (Column(whole, no_wrap=True, overflow="fold"), *(Column(name, overflow="fold") for name in others))
    return Table(*columns, box=None, pad_edge=False)


def print_table(table: Table) -> None:
    """To standard output."""
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False).print(table)
