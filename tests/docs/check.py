"""What a machine can see in documents: long sentences, dead links, names of files and classes that are gone."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.docs.prose import links, sentences

ROOT: Final = Path(__file__).parents[2]
MAX_WORDS: Final = 25
# Made by programs, or quoted from them.
_GENERATED: Final = frozenset({"docs/benchmarks.md"})
# Older documents keep longer sentences until they are edited: the number only goes down.
LONG_ALLOWED: Final = {
    "models/lipsync/README.md": 12,
    "models/lipsync/eval/README.md": 3,
    "models/mimi/README.md": 8,
    "models/neurosync/README.md": 4,
}
_GONE: Final = re.compile(
    r"\b(wiring/\w+|(?<!outputs/)livelink/(?:sender|output|board)\.py|face/neurosync_\w+\.py|control/(?:mqtt|socket)\.py|OM_H|TODO|TBD|FIXME)\b"
)
_PATH: Final = re.compile(
    r"`((?:daemon|tests|models|docs|systemd|image)/[\w./-]+\.(?:py|md|toml|sh|json|png|service))`"
)


def documents() -> list[Path]:
    """Every Markdown file in the repository, generated ones left out."""
    names = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return [ROOT / name for name in names if name not in _GENERATED]


def problems(path: Path) -> Iterator[str]:
    """One sentence per problem, with file and line."""
    name, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    yield from _long(name, text)
    for number, target in links(text):
        file, _, _ = target.partition("#")
        if file and "://" not in file and not file.startswith("mailto:") and not (path.parent / file).exists():
            yield f"{name}:{number}: the link {target} leads nowhere"
    for number, line in enumerate(text.splitlines(), 1):
        for match in _GONE.finditer(line):
            yield f"{name}:{number}: '{match[1]}' is an old name or a placeholder; write what it is now"
        for match in _PATH.finditer(line):
            if not (ROOT / match[1]).exists():
                yield f"{name}:{number}: there is no {match[1]}"


def _long(name: str, text: str) -> Iterator[str]:
    found = [(number, len(s.split()), s) for number, s in sentences(text) if len(s.split()) > MAX_WORDS]
    allowed = LONG_ALLOWED.get(name, 0)
    if len(found) > allowed:
        for number, words, sentence in found:
            yield f"{name}:{number}: a sentence of {words} words, {MAX_WORDS} at most: {sentence[:60]}…"
    elif len(found) < allowed:
        yield f"{name}: {len(found)} long sentences are left; write that number into tests/docs/check.py"
