"""The IDs in examples exist on a fresh box, so that whoever copies a line sees something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from visaged.capsules.library.library import Library
from visaged.control.protocol.commands import COMMANDS

ROOT = Path(__file__).parents[2]
_ID = re.compile(r"\b(?:VF|HF|VC|VL|CID|E)_[A-Z0-9_]+\b")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    library = Library(tmp_path_factory.mktemp("library"))
    library.load()
    return {*library.catalogue.entries, *library.catalogue.tables.events}


@pytest.mark.parametrize(
    "name", ["docs/mqtt.md", "docs/fleet.md", "docs/operations.md", "docs/architecture.md", "README.md"]
)
def test_of_a_document(fresh: set[str], name: str) -> None:
    assert set(_ID.findall((ROOT / name).read_text(encoding="utf-8"))) <= fresh


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_of_a_command(fresh: set[str], command: object) -> None:
    assert set(_ID.findall(command.example)) <= fresh  # type: ignore[attr-defined]
