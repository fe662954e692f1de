"""The scenarios against the operator's guide, and the judge against made-up outcomes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.soak.fault_table import HEADER, bench, line
from tests.soak.name_server import answer
from tests.soak.scenarios import BY_NAME, SCENARIOS
from tests.soak.trial import Outcome

_GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_operators_guide_has_every_fault_as_it_is_tried() -> None:
    section = _GUIDE.read_text(encoding="utf-8").split("## What a fault does to the face")[1].split("\n## ")[0]
    rows = [text for text in section.splitlines() if text.startswith("|")]
    assert rows == [*HEADER, *(scenario.row() for scenario in SCENARIOS)]


def test_names_are_used_once_and_problems_are_in_the_guide() -> None:
    assert len(BY_NAME) == len(SCENARIOS)
    guide = _GUIDE.read_text(encoding="utf-8")
    for scenario in SCENARIOS:
        code = re.sub(r"_\d", "_N", scenario.problem or "")
        assert not code or f"| `{code}`" in guide, scenario.name


def _outcome(**fields: object) -> Outcome:
    made = Outcome(BY_NAME["no-descriptors"], before=60, during=120, after=60, expected=(60, 120, 60), shown=True)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, []),
        ({"gap_ticks": 4.0}, ["a gap of 4 ticks; 3 are allowed"]),
        ({"shown": False}, ["process_descriptors was not in health"]),
        ({"open": frozenset({"thread_failed_view"})}, ["not over: thread_failed_view"]),
        ({"during": 0}, ["no packets"]),
        ({"died": True}, ["the daemon ended"]),
    ],
)
def test_what_should_not_have_been_is_named(fields: dict[str, object], words: list[str]) -> None:
    outcome = _outcome(**fields)
    assert outcome.wrong() == words
    assert [row.met for row in bench([outcome], "make soak", "").rows] == [not words]


def test_what_was_left_out_is_said() -> None:
    outcome = Outcome(BY_NAME["names-fail"], skipped="this world has no names")
    assert line(outcome) == "names-fail: left out, this world has no names"
    made = bench([outcome], "make soak", "")
    assert made.rows == []
    assert "Left out: names-fail" in made.note


def test_the_name_server_answers_fails_and_has_no_ipv6() -> None:
    head = bytes.fromhex("beef01000001000000000000")
    name = b"\x06unreal\x04soak\x04test\x00"
    question = head + name + bytes.fromhex("00010001")
    assert answer(question, "answers").endswith(bytes([127, 0, 0, 1]))
    assert answer(question, "answers")[:2] == b"\xbe\xef"
    assert answer(question, "fails")[3] & 0x0F == 2
    assert answer(head + name + bytes.fromhex("001c0001"), "answers")[6:8] == b"\0\0", "no address of version 6"
