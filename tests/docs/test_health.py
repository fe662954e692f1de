"""What the documents say about health is in a real health message, and what is in it is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from visaged.config import Settings
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.health_model import Health, ProblemHealth

DOCS = Path(__file__).parents[2] / "docs"
_NAME = re.compile(r"`([a-z0-9_]+)`")


def sections() -> dict[str, set[str]]:
    """Section -> its figures; those of no section under ''."""
    found: dict[str, set[str]] = {"": set()}
    for name, field in Health.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            found[name] = set(model.model_fields)
        elif name != "problems":
            found[""].add(name)
    return found | {"problems": set(ProblemHealth.model_fields)}


def test_the_table_of_health_is_that_of_the_message() -> None:
    text = (DOCS / "mqtt.md").read_text(encoding="utf-8").split("\n## Health\n")[1].split("\n## ")[0]
    table: dict[str, set[str]] = {}
    for row in re.findall(r"^\|(.*?)\|(.*)\|$", text, re.M):
        names = _NAME.findall(row[0])
        if figures := _NAME.findall(row[1]):
            table[names[0] if names else ""] = set(figures)
    assert table == sections()


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_a_figure_with_its_section_is_in_health_or_a_setting(path: Path) -> None:
    known = sections()
    for section, key in re.findall(r"`([a-z]+)\.([a-z0-9_]+)`", path.read_text(encoding="utf-8")):
        if section not in known or key == "py" or f"{section}.{key}" in COMMANDS:
            continue
        setting = Settings.model_fields.get(section)
        keys = known[section] | set(setting.annotation.model_fields if setting else ())  # type: ignore[union-attr]
        assert key in keys, f"`{section}.{key}`"


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_a_word_that_is_in_health_by_a_document_is_in_health(path: Path) -> None:
    every = {name for names in sections().values() for name in names} | {*sections()}
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"`(?:[a-z]+\.)?([a-z0-9_]+)` in (?:the )?health\b", text):
        assert name in every, f"`{name}` in health"
