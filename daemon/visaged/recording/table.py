"""A text file of rows and cells, whatever stands between them: comma, semicolon or tab, in quotes or not."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from visaged.file_kind import HEAD_BYTES, kind_of
from visaged.printable import printable
from visaged.recording.base import RecordingError

# What programs write, and what they call it.
_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
# A row of a face is some 800 characters; what is longer is no row, and is not read into memory.
_LONGEST_LINE: Final = 1 << 16
# Excel's "Unicode text" is UTF-16 with a mark at its beginning.
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_EXPECTED: Final = "expected a Live Link Face CSV"


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows with a cell that is not empty: number of the line (from 1) and cells, without spaces around.

    Raises RecordingError (no text, no separator), OSError.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = kind_of(head)
    if kind is not None:
        raise RecordingError(f"{path} is {kind.name}; {_EXPECTED}")
    encoding = "utf-16" if head.startswith(_UTF16_MARKS) else "utf-8-sig"
    with path.open(encoding=encoding, newline="") as text:
        try:
            yield from _split(path, text)
        except UnicodeDecodeError:
            raise RecordingError(f"{path} is not text (UTF-8 or UTF-16); {_EXPECTED}") from None


def _split(path: Path, text: TextIO) -> Iterator[tuple[int, list[str]]]:
    lines = _Lines(path, text)
    first = next(lines, "")
    # Excel writes the separator into a line of its own.
    told = first.strip()[4:5] if first.lower().startswith("sep=") else ""
    if told:
        separator, first = told, next(lines, "")
    else:
        separator = max(_SEPARATORS, key=lambda one: len(next(csv.reader([first], delimiter=one), [])))
    if separator not in first and first.strip():
        known = ", ".join(_SEPARATORS.values())
        raise RecordingError(
            f"{path} line {lines.number}: '{printable(first.strip(), 40)}' has no cells; {known} may separate"
        )
    lines.again = first
    try:
        for cells in csv.reader(lines, delimiter=separator):
            if any(cells):
                yield lines.number, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise RecordingError(f"{path} line {lines.number}: {error}; {_EXPECTED}") from None


class _Lines:
    """The lines of a text, counted; none is longer than it may be."""

    def __init__(self, path: Path, text: TextIO) -> None:
        self._path, self._text = path, text
        self.number = 0
        self.again = ""
        """Given once more before the next one."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.again:
            line, self.again = self.again, ""
            return line
        line = self._text.readline(_LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > _LONGEST_LINE:
            raise RecordingError(
                f"{self._path} line {self.number} has more than {_LONGEST_LINE} characters; {_EXPECTED}"
            )
        return line
