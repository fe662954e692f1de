"""Capsules from settings that ask for what there is not: a problem, and as many as there can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from visaged.app import capsules
from visaged.app.capsules import start_capsules
from visaged.audio.line_voice import LineVoice
from visaged.clock import now_ns
from visaged.config import Settings
from visaged.problems import Problems

MIB = 1 << 20


def start(**settings: object) -> tuple[capsules.Capsules, Problems]:
    problems = Problems()
    chosen = Settings.model_validate({"capsules": {"device": "host", "pinned": [], **settings}}).capsules
    return start_capsules(chosen, LineVoice(now_ns), lambda notice: None, problems), problems


def test_more_cache_than_the_box_has_is_a_problem_and_half_of_the_rest_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capsules, "available_bytes", lambda: 100 * MIB)
    running, problems = start(library=tmp_path, cache_mib=65_536)
    (problem,) = problems.current()
    assert problem.code == "capsule_memory"
    assert problem.message == "capsules.cache_mib = 65536 is more than this box can spare; 50 MiB are used"
    assert "Lower capsules.cache_mib to 50 or less" in problem.remedy
    assert running.statistics()["cap_mib"] == 50
    running.stop()


def test_a_box_that_does_not_say_what_it_has_is_asked_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capsules, "available_bytes", lambda: None)
    running, problems = start(library=tmp_path, cache_mib=3)
    assert running.statistics()["cap_mib"] == 3
    assert not problems.current()
    running.stop()


@pytest.mark.parametrize("library", ["/dev/null", "/dev/null/x", "x" * 300, "/proc/self/mem", "/" + "a/" * 2000])
def test_a_library_that_is_none_does_not_end_the_start(library: str) -> None:
    running, problems = start(library=library)
    running.stop()
    assert running.statistics()["installed"] > 0, "those that come with visaged are there"
    assert {problem.code for problem in problems.current()} <= {"capsule_library"}
