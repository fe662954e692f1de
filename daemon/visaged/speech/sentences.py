"""Cuts an answer that is still being written into pieces that can be said: the first as early as possible.

A piece ends at the end of a sentence; the first may end at a comma. Numbers (3.5), abbreviations (Dr. Who), initials
and an ellipsis are not ends. Scripts without spaces end at their own full stops.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

# A first clause shorter than this sounds cut off, and takes an engine as long as a longer one.
_FIRST_LEAST: Final = 12
# Nobody says more in a breath, and an engine would take seconds: it is cut at a space.
_MOST: Final = 240

_ABBREVIATIONS: Final = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "approx", "vol", "fig", "e.g", "i.e", "a.m", "p.m"}
    | {"u.s", "bzw", "z.b", "d.h", "ca", "nr", "str"}
)
# An end is known only with what follows it: a space, or the end of the text.
_END: Final = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[」』”]*|\n+")
_CLAUSE: Final = re.compile(r"[,;:—](?=\s)|[，、；：]")


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces to say, stripped, none empty, as soon as each is known."""
    text, first = "", True
    for piece in pieces:
        text += piece
        while (end := _end(text, first=first)) is not None:
            said, text = text[:end].strip(), text[end:]
            if said:
                first = False
                yield said
    if text.strip():
        yield from _cut(text.strip())


def _end(text: str, *, first: bool) -> int | None:
    """Where the first piece of ``text`` ends; None: not known yet."""
    for match in _END.finditer(text):
        if not _is_abbreviation(text[: match.start()], match[0]):
            return match.end() if match.end() <= _MOST else _space(text)
    if first:
        for match in _CLAUSE.finditer(text):
            if match.end() >= _FIRST_LEAST:
                return match.end()
    return _space(text) if len(text) > _MOST else None


def _is_abbreviation(before: str, end: str) -> bool:
    if end != ".":
        return False
    word = re.split(r"[\s(\"“]", before)[-1].lower()
    initial = len(word) == 1 and word.isalpha() and word != "i"
    listed = word.isdigit() and before.strip() == word
    return word in _ABBREVIATIONS or initial or listed


def _space(text: str) -> int:
    return max(text.rfind(" ", 0, _MOST), 0) or _MOST


def _cut(text: str) -> Iterator[str]:
    while len(text) > _MOST:
        end = _space(text)
        yield text[:end].strip()
        text = text[end:].strip()
    if text:
        yield text
