"""Personas: those that ship can be used, and a bad file is named with its key."""

from __future__ import annotations

import io
import zipfile
from importlib import resources
from pathlib import Path

import pytest

from visaged.conversation import persona


def test_six_ship_and_show_only_capsules_of_the_starter_pack() -> None:
    pack = zipfile.ZipFile(io.BytesIO((resources.files("visaged.packages.capsules") / "starter.zip").read_bytes()))
    shipped = {Path(name).stem for name in pack.namelist()}
    found = persona.names((persona.SHIPPED,))
    assert found == ["calm", "guide", "host", "playful", "teacher", "technical"]
    for name in found:
        one = persona.load(name, (persona.SHIPPED,))
        assert one.instructions
        assert set(one.cues.values()) <= shipped


def test_the_boxes_own_comes_before_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "host.toml").write_text('title = "mine"\ninstructions = "Be brief."\n', encoding="utf-8")
    assert persona.load("host", (tmp_path, persona.SHIPPED)).title == "mine"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "title"),
        ('title = "a"\ninstructions = 5', "instructions"),
        ('title = "a"\ninstructions = "b"\nmood = "x"', "mood"),
        ('title = "a"\ninstructions = "b"\n[cues]\nSmile = "VF_NOD"', "cues"),
        ('title = "a"\ninstructions = "b"\n[cues]\nsmile = "nod"', "cues.smile"),
        ('title = "a"\ninstructions = "b"\nemotion = { valence = 2 }', "emotion.valence"),
        ('title = "a"\ninstructions = "b"\nlanguage = "English"', "language"),
        ("title = ", "bad.toml"),
        (f'title = "a"\ninstructions = "{"x" * 70_000}"', "bad.toml"),
    ],
)
def test_a_bad_file_is_named_with_its_key(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(persona.PersonaError, match=named):
        persona.read(path)


def test_an_unknown_one_is_answered_with_those_there_are() -> None:
    with pytest.raises(persona.PersonaError, match="calm, guide, host"):
        persona.load("nobody", (persona.SHIPPED,))
