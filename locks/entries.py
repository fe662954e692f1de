"""The lines of a lock file: one package, its version, where it is wanted, and the files of it that may be installed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:(?P<sha256>[0-9a-f]{64})\s*\\?$")


@dataclass(frozen=True)
class Entry:
    """One pin."""

    name: str
    version: str
    marker: str
    sha256: tuple[str, ...]

    @property
    def pin(self) -> tuple[str, str, str]:
        """What tells it from others; the files do not."""
        return self.name, self.version, self.marker

    def __str__(self) -> str:
        head = f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")
        return " \\\n    ".join([head, *(f"--hash=sha256:{digest}" for digest in self.sha256)])


def parse(text: str) -> list[Entry]:
    """The pins of a lock file, or of what uv wrote.

    Raises ValueError at a line that is neither a pin, a hash, a comment nor the name of another lock.
    """
    entries: list[Entry] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", "-r ")):
            continue
        if (found := _HASH.match(stripped)) and entries:
            last = entries[-1]
            entries[-1] = Entry(last.name, last.version, last.marker, (*last.sha256, found["sha256"]))
        elif found := _PIN.match(stripped):
            entries.append(Entry(found["name"], found["version"], found["marker"] or "", ()))
        else:
            raise ValueError(f"line {number} is no pin with hashes: {stripped!r}")
    return entries


def write(head: Iterable[str], entries: Iterable[Entry]) -> str:
    """A lock file: comment and option lines, then the pins."""
    return "\n".join([*head, *map(str, entries)]) + "\n"
