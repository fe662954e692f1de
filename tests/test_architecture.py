"""The house rules that a machine can see: who imports whom, how large folders and files are, names used once."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from tests.house.floors import PACKAGE, REPOSITORY, fault_of, imports_of, name_of, sources

MODELS: Final = REPOSITORY / "models"
TESTS: Final = REPOSITORY / "tests"

MAX_FILES: Final = 20
"""Modules in a folder, ``__init__`` apart."""
MAX_SAME_PREFIX: Final = 3
MAX_LINES: Final = 300

EXCEPTIONS: Final[Mapping[str, str]] = {
    "models/lipsync/ holds": "the training of the lip-sync models grew by experiments; it is divided with the next one",
    "models/neurosync/ holds": "one importer in steps; it is divided with the next kind of weights",
    "tests/models/lipsync/ holds": "mirrors models/lipsync/",
    "tests/audio/test_files_of_others.py has": "one table of foreign files",
    "tests/capsules/playing/test_player.py has": "one player, one clock",
    "tests/capsules/test_service.py has": "one set of capsules with its threads",
    "tests/control/mqtt/test_link.py has": "one broker",
}
"""What breaks a rule today, as its sentence begins -> why. One that is not needed any more fails."""


def import_faults() -> Iterator[str]:
    for root in (PACKAGE, MODELS):
        for path in sources(root):
            found = imports_of(path.read_text(encoding="utf-8"), name_of(path))
            yield from (fault for one in found if (fault := fault_of(one)))


def folder_faults() -> Iterator[str]:
    folders = defaultdict(list)
    for root in (PACKAGE, MODELS, TESTS):
        for path in sources(root):
            if path.name != "__init__.py":
                folders[path.parent].append(path.stem)
    for folder, modules in folders.items():
        where = folder.relative_to(REPOSITORY)
        if len(modules) > MAX_FILES:
            yield f"{where}/ holds {len(modules)} modules: at more than {MAX_FILES} a folder is divided."
        if folder.is_relative_to(TESTS):
            continue  # named after what they test
        prefixes = [module.split("_")[0] for module in modules]
        for prefix in sorted(set(prefixes)):
            if prefix and (count := prefixes.count(prefix)) > MAX_SAME_PREFIX:
                yield f"{where}/ holds {count} modules named {prefix}…: more than {MAX_SAME_PREFIX} are a folder."


def length_faults() -> Iterator[str]:
    for root in (PACKAGE, MODELS, TESTS):
        for path in sources(root):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > MAX_LINES:
                yield f"{path.relative_to(REPOSITORY)} has {lines} lines: one idea per file, at most {MAX_LINES} lines."


def name_faults() -> Iterator[str]:
    """Of the runtime: the build sides of the models are programs of their own, each with its field's words."""
    where: dict[str, list[str]] = defaultdict(list)
    for path in sources(PACKAGE):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where[node.name].append(name_of(path))
    for name, modules in where.items():
        if len(modules) > 1:
            yield f"class {name} is in {' and '.join(modules)}: one public class name once in the project."


def _unexcused(faults: Iterator[str]) -> list[str]:
    return [fault for fault in faults if not any(fault.startswith(begin) for begin in EXCEPTIONS)]


def test_a_room_imports_only_rooms_on_lower_floors() -> None:
    faults = _unexcused(import_faults())
    assert not faults, "\n".join(faults)


def test_folders_stay_small() -> None:
    faults = _unexcused(folder_faults())
    assert not faults, "\n".join(faults)


def test_files_stay_short() -> None:
    faults = _unexcused(length_faults())
    assert not faults, "\n".join(faults)


def test_a_public_class_name_is_used_once() -> None:
    faults = _unexcused(name_faults())
    assert not faults, "\n".join(faults)


def test_every_exception_is_still_needed() -> None:
    faults = [*import_faults(), *folder_faults(), *length_faults(), *name_faults()]
    idle = [begin for begin in EXCEPTIONS if not any(fault.startswith(begin) for fault in faults)]
    assert not idle, f"No rule is broken there any more; take them out of EXCEPTIONS: {idle}"
