"""What counts as a sentence, and that each kind of problem is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import check
from tests.docs.prose import sentences

LONG = " ".join(["word"] * 26) + "."


def test_code_tables_and_headings_are_no_prose() -> None:
    text = f"# {LONG}\n\n| {LONG} |\n\n```\n{LONG}\n```\n\nOne. Two `a b c d`: three.\n- An item\n  of two lines.\n"
    assert [sentence for _, sentence in sentences(text)] == ["One.", "Two CODE:", "three.", "An item of two lines."]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (LONG, "a sentence of 26 words, 25 at most"),
        ("[there](nowhere.md)", "the link nowhere.md leads nowhere"),
        ("see wiring/box", "'wiring/box' is an old name"),
        ("about OM_H of them", "'OM_H' is an old name or a placeholder"),
        ("`daemon/visaged/gone.py`", "there is no daemon/visaged/gone.py"),
    ],
)
def test_each_kind_of_problem_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, problem: str) -> None:
    monkeypatch.setattr(check, "ROOT", tmp_path)
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    (found,) = check.problems(path)
    assert found.startswith("a.md:1: ")
    assert problem in found


def test_a_plain_document_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "ROOT", tmp_path)
    path = tmp_path / "a.md"
    path.write_text("See [this](a.md#top) and [that](https://example.org). It is short.", encoding="utf-8")
    assert list(check.problems(path)) == []
