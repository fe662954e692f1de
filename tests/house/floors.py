"""The floors of the house, and which rule an import breaks. ``FLOORS`` is the table of docs/architecture.md.

Every import counts: at the top, inside a function, for the type check only, by ``importlib``, in a program text for
``python -c``, and ``python -m``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

REPOSITORY: Final = Path(__file__).parents[2]
PACKAGE: Final = REPOSITORY / "daemon" / "visaged"

GROUND: Final = ("config", "recording", "samples", "packages", "bounded")
"""Folders of the ground floor; every single file of ``visaged/`` is ground, too. Ground files may know each other."""

FLOORS: Final = (
    ("console",),
    ("outputs", "audio", "control", "animation", "system"),
    ("inference",),
    ("face", "capsules", "codec"),
    ("speech", "render", "doctor", "models"),
    ("conversation",),
    ("app", "web"),
    ("cli",),
)
"""From the lowest floor above the ground to the highest. A room imports only rooms on lower floors."""

ONLY_KNOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "web": ("control.protocol", "control.local", "outputs", "render", "face", "audio", "inference", "system"),
}
"""Room -> the rooms and parts of lower floors that it may know (besides the ground): what faces the network commands
over the control socket, watches the pose board, and has sounds solved."""

DOORS: Final = ("visaged.web.process",)
"""Modules by which ``app`` starts a process of a sibling."""

STRANGERS: Final = (
    ("control.protocol", "control.mqtt"),
    ("control.protocol", "control.local"),
    ("control.local", "control.mqtt"),
    ("control.mqtt", "control.local"),
    ("face.lipsync", "face.neurosync"),
    ("face.neurosync", "face.lipsync"),
    ("capsules.file", "capsules.library"),
    ("capsules.file", "capsules.playing"),
    ("capsules.library", "capsules.playing"),
    ("codec.down", "codec.up"),
)
"""(part of a room, another part of it that it must not import): the order inside the larger rooms."""


class Import(NamedTuple):
    """``importer`` needs ``target``, both dotted module names, in this line."""

    importer: str
    target: str
    line: int


def imports_of(source: str, importer: str) -> Iterator[Import]:
    """Every import of this project's modules, whatever its form."""
    for node in ast.walk(ast.parse(source)):
        for target in _targets(node):
            if re.match(r"(visaged|models)\b", target):
                yield Import(importer, target, getattr(node, "lineno", 0))


def _targets(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names):
            yield from (name.name for name in names)
        case ast.ImportFrom(module, names, level):
            yield from (f"{module}.{name.name}" for name in names)
            if level:
                raise AssertionError("An import names its module from the root on: relative ones hide the room.")
        case ast.Constant(str(text)) if "\n" not in text:
            # A program for another interpreter, or a name for importlib: whole, or begun in an f-string.
            yield from re.findall(r"\b(?:from|import) ((?:visaged|models)[\w.]*)", text)
            if re.fullmatch(r"(visaged|models)(\.\w+)+\.?", text) and _is_module(text.rstrip(".")):
                yield text.rstrip(".")
        case ast.Tuple(words) | ast.List(words):
            plain = [word.value if isinstance(word, ast.Constant) else None for word in words]
            yield from (
                "visaged.cli" if name == "visaged" else str(name)
                for flag, name in pairwise(plain)
                if flag == "-m" and name
            )


def _is_module(dotted: str) -> bool:
    path = (REPOSITORY / "daemon" if dotted.startswith("visaged") else REPOSITORY).joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def part_of(module: str) -> str:
    """``control.protocol`` of ``visaged.control.protocol.topics``, ``models`` of all there, '' of the ground."""
    top, *rest = module.split(".")
    if top == "models":
        return "models"
    if not rest or rest[0] in GROUND or (PACKAGE / f"{rest[0]}.py").is_file():
        return "cli" if rest == ["__main__"] else ""
    if len(rest) == 1 and not (PACKAGE / rest[0]).is_dir():
        return ""  # a name of visaged/__init__.py
    inner = len(rest) > 1 and (PACKAGE / rest[0] / rest[1]).is_dir()
    return ".".join(rest[:2]) if inner else rest[0]


def floor_of(room: str) -> int:
    """Counted from 1, the ground."""
    if not room:
        return 1
    for number, rooms in enumerate(FLOORS, 2):
        if room in rooms:
            return number
    raise AssertionError(f"The room {room}/ has no floor: give it one in FLOORS and in docs/architecture.md.")


def fault_of(found: Import) -> str | None:
    """The sentence of the rule that is broken; None: none is."""
    here, there = part_of(found.importer), part_of(found.target)
    room, other = here.split(".")[0], there.split(".")[0]
    what = f"{found.importer} (line {found.line}) imports {found.target}, "
    if room == other:
        stranger = (here, there) in STRANGERS
        return f"{what}but inside {room}/ the part {here} does not know {there}." if stranger else None
    if other == "models" and room != "cli":
        return f"{what}but only cli/ may: a box has no build side."
    known = ONLY_KNOWS.get(room, ())
    door = room == "app" and found.target.startswith(DOORS)
    if not other or door or there in known or other in known:
        return None
    if known:
        return f"{what}but {room}/ knows {', '.join(known)} and the ground alone."
    higher = floor_of(other) - floor_of(room)
    if higher == 0:
        return f"{what}but {room}/ and {other}/ are on one floor: siblings do not know each other."
    upward = f"{what}but {other}/ is above {room or 'the ground'}: a room imports only rooms on lower floors."
    return upward if higher > 0 else None


def sources(root: Path) -> Iterator[Path]:
    """Every Python file below ``root``."""
    return (path for path in sorted(root.rglob("*.py")) if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    """The module in that file."""
    base = PACKAGE.parent if path.is_relative_to(PACKAGE) else REPOSITORY
    return ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
