"""The restart runs the program that was started, never one of the working folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import visaged

ROOT = str(Path(visaged.__file__).absolute().parents[1])
TELL = """import json
from visaged.system.restart import restart_command
print(json.dumps(restart_command("visaged.cli")))
"""


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A working folder that holds other programs of our names."""
    folder = tmp_path / "trap"
    for name in ("visaged", "argparse", "importlib"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise SystemExit('the working folder was run')\n")
    return folder


def told(folder: Path, *command: str) -> list[str]:
    """The restart command of a program started in ``folder``."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{folder}"}
    done = subprocess.run(
        [sys.executable, *command, "--version"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    words: list[str] = json.loads(done.stdout)
    return words


def run_in(folder: Path, command: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("options", [[], ["-X", "dev"], ["-W", "ignore", "-u"]])
@pytest.mark.parametrize("program", [["-m", "tell"], ["-mtell"], ["-c", TELL]])
def test_a_module_is_found_where_it_was(tmp_path: Path, trap: Path, program: list[str], options: list[str]) -> None:
    (tmp_path / "tell.py").write_text(TELL)
    command = told(tmp_path, *options, *program)
    assert command[: 1 + len(options)] == [sys.executable, *options]
    assert command[-1] == "--version"
    assert run_in(trap, command) == f"visaged {visaged.__version__}\n"


def test_a_script_is_run_by_its_whole_path(tmp_path: Path, trap: Path) -> None:
    (tmp_path / "tell").write_text(TELL)
    command = told(tmp_path, "-u", "tell")
    assert command == [sys.executable, "-u", str(tmp_path / "tell"), "--version"]


def test_the_trap_works(trap: Path) -> None:
    assert run_in(trap, [sys.executable, "-m", "visaged", "--version"]) == ""
