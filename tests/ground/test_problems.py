"""Problems: what is said of them can be carried by JSON, a terminal and the log."""

from __future__ import annotations

import json

import pytest

from visaged.problems import Problem, Problems


@pytest.mark.parametrize("name", ["\ud800", "a\x1b[31m", "two\nlines"])
def test_a_foreign_name_in_a_message_is_made_printable(name: str, caplog: pytest.LogCaptureFixture) -> None:
    problems, heard = Problems(), list[Problem]()
    problems.listen(lambda problem, is_open: heard.append(problem))
    problems.open("livelink_target_0_name", f"'{name}' does not resolve", "Check the name")
    (problem,) = problems.current()
    assert problem.message.isprintable()
    json.dumps(problem.message, ensure_ascii=False).encode("utf-8")
    assert heard == [problem]
    assert caplog.messages[0].isprintable()


def test_what_is_over_after_a_while_is_not_when_it_comes_again() -> None:
    problems, over = Problems(), list[str]()
    problems.listen(lambda problem, is_open: None if is_open else over.append(problem.code))
    problems.open("again", "it failed", "Look")
    problems.open("once", "it failed", "Look")
    problems.clear_after("again", 0.0)
    problems.clear_after("once", 0.0)
    problems.open("again", "it failed", "Look")
    assert [problem.code for problem in problems.current()] == ["again"]
    problems.clear_after("again", 3600.0)
    assert [problem.code for problem in problems.current()] == ["again"]
    assert over == ["once"]
