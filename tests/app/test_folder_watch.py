from __future__ import annotations

from pathlib import Path

import pytest

from visaged.app import folder_watch
from visaged.app.folder_watch import FolderWatch
from visaged.clock import NS_PER_S
from visaged.problems import Problems
from visaged.system.folders import FolderTrouble

FULL = FolderTrouble("lies on a full disk: 0 KiB are left", "make room")


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Folders that cannot be written."""
    folders: set[Path] = set()
    monkeypatch.setattr(folder_watch, "trouble", lambda folder: FULL if folder in folders else None)
    return folders


def _codes(problems: Problems) -> dict[str, str]:
    return {problem.code: problem.message for problem in problems.current()}


def test_each_folder_is_a_problem_of_its_own_and_is_over_when_it_is(bad: set[Path]) -> None:
    problems = Problems()
    watch = FolderWatch(Path("/etc/box/visaged.toml"), Path("/state"), problems)
    watch.update(1)
    assert _codes(problems) == {}
    bad.add(Path("/etc/box"))
    watch.update(9 * NS_PER_S)
    assert _codes(problems) == {}, "it looks every ten seconds"
    watch.update(11 * NS_PER_S)
    assert _codes(problems) == {"settings_folder": "the settings folder /etc/box lies on a full disk: 0 KiB are left"}
    assert "make room" in problems.current()[0].remedy
    bad.clear()
    bad.add(Path("/state"))
    watch.update(30 * NS_PER_S)
    assert list(_codes(problems)) == ["state_folder"]
    bad.clear()
    watch.update(50 * NS_PER_S)
    assert _codes(problems) == {}


def test_a_program_run_by_hand_keeps_nothing(bad: set[Path]) -> None:
    bad.add(Path("/etc/box"))
    problems = Problems()
    FolderWatch(Path("/etc/box/visaged.toml"), None, problems).update(1)
    assert _codes(problems) == {}
