"""The model that was selected by command: it outlives a restart, and gives way with a word when it is gone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S, wait_until
from visaged.config import Settings
from visaged.face.degradation import SolverDegradation
from visaged.face.manager import SolverManager
from visaged.face.selected_model import FILE_NAME, SelectedModel, SelectedModelFile
from visaged.face.selection import PROBLEM, SolverSelection
from visaged.face.solver import Solver
from visaged.inference.find import WHEEL_ROOT
from visaged.inference.package import Package, load_package
from visaged.problems import Problems

PACKAGE = load_package(WHEEL_ROOT / "lipsync")


class Box:
    """A box whose state folder is ``folder``: each is one run of the daemon."""

    def __init__(self, folder: Path | None) -> None:
        self.problems = Problems()
        self.solver: Solver[Any] | None = None
        self.settings = Settings.model_validate({})
        manager = SolverManager((WHEEL_ROOT,), self.problems)
        degradation = SolverDegradation(lambda level: None, self.problems)
        kept = SelectedModelFile(folder)
        stage: Any = self
        self.selection = SolverSelection(
            manager, stage, degradation, lambda: self.settings, problems=self.problems, kept=kept
        )

    def select(self, solver: Solver[Any] | None) -> None:
        """As the solver stage does."""
        self.solver = solver

    def start(self) -> Box:
        self.selection.start()
        wait_until(lambda: self.solver is not None, "a solver")
        return self

    @property
    def precision(self) -> str | None:
        return self.selection.manager.precision

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems.current()]


def test_a_selected_model_runs_after_a_restart(tmp_path: Path) -> None:
    first = Box(tmp_path).start()
    assert first.precision == "int8"
    first.selection.use_package(PACKAGE, "fp32")
    assert Box(tmp_path).start().precision == "fp32"


def test_other_settings_of_the_same_solver_keep_it(tmp_path: Path) -> None:
    box = Box(tmp_path).start()
    box.selection.use_package(PACKAGE, "fp32")
    box.solver = None
    box.selection.reopen(box.settings)
    wait_until(lambda: box.solver is not None, "the solver again")
    assert box.precision == "fp32"
    assert Box(tmp_path).start().precision == "fp32"


def test_another_solver_by_settings_ends_the_selection(tmp_path: Path) -> None:
    box = Box(tmp_path).start()
    box.selection.use_package(PACKAGE, "fp32")
    box.selection.use_settings(box.settings)
    assert box.precision == "int8"
    assert Box(tmp_path).start().precision == "int8"


def test_a_model_that_is_gone_gives_way_and_is_said_until_another_is_selected(tmp_path: Path) -> None:
    SelectedModelFile(tmp_path).write(SelectedModel(name="lipsync", version="99.0.0", precision="int8"))
    box = Box(tmp_path).start()
    assert (box.precision, box.codes) == ("int8", [PROBLEM])
    assert "lipsync 99.0.0" in box.problems.current()[0].message
    box.selection.use_package(PACKAGE, "int8")
    assert box.codes == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": "a"}', b"[]" * 5000, b'{"name": 1, "version": "", "x": 2}'])
def test_a_damaged_file_is_said_and_the_settings_count(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    box = Box(tmp_path).start()
    assert (box.precision, box.codes) == ("int8", [PROBLEM])
    box.selection.use_package(PACKAGE, "fp32")
    assert box.codes == []


def test_a_choice_while_the_one_before_the_restart_is_opened_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Box(tmp_path).start().selection.use_package(PACKAGE, "fp32")
    box = Box(tmp_path)
    found, go_on = threading.Event(), threading.Event()

    def find(name: str, version: str) -> Package:
        found.set()
        assert go_on.wait(PATIENCE_S)
        return PACKAGE

    monkeypatch.setattr(box.selection.manager, "find", find)
    box.selection.start()
    assert found.wait(PATIENCE_S)
    box.selection.use_settings(box.settings)
    go_on.set()
    wait_until(lambda: not any(t.name == "solver-opener" for t in threading.enumerate()), "the opener's end")
    assert (box.precision, box.selection.selected) == ("int8", None)


def test_a_full_disk_selects_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    box = Box(tmp_path / "file" / "state").start()
    box.selection.use_package(PACKAGE, "fp32")
    assert box.precision == "fp32"


def test_what_is_no_service_keeps_nothing() -> None:
    box = Box(None).start()
    box.selection.use_package(PACKAGE, "fp32")
    assert Box(None).start().precision == "int8"
