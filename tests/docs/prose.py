"""A Markdown document as prose: its sentences with their lines, its links. Code, tables and headings are no prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_LINK: Final = re.compile(r"!?\[([^\]]*)\]\(([^)\s]+)\)")
_END: Final = re.compile(r"(?<=[.!?:;])(?:\*\*)?\s+")
_ITEM: Final = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+")


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Line number (from 1) and text of every paragraph and list item."""
    held: list[str] = []
    start, in_code = 0, False
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
            line = ""  # noqa: PLW2901 - a fence ends a paragraph
        if in_code:
            continue
        bare = line.strip()
        apart = not bare or bare.startswith(("|", "#", "<", "![")) or _ITEM.match(line)
        if held and apart:
            yield start, " ".join(held)
            held = []
        if bare and not bare.startswith(("|", "#", "<")):
            start = start if held else number
            held.append(_ITEM.sub("", line).strip())


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Line of the paragraph, and one sentence of it, without link targets; inline code counts as one word."""
    for number, paragraph in paragraphs(text):
        plain = re.sub(r"`[^`]*`", "CODE", _LINK.sub(r"\1", paragraph))
        for sentence in _END.split(plain):
            yield number, sentence


def links(text: str) -> Iterator[tuple[int, str]]:
    """Line and target of every link."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in _LINK.finditer(line):
            yield number, match[2]
