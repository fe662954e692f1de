"""How tests are shared out among workers, in a run of pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_CONFTEST = """
import pytest
from tests import scheduling

def pytest_collection_modifyitems(items):
    scheduling.slow_files_first(items)

def pytest_xdist_make_scheduler(config, log):
    return scheduling.scheduler(config, log)
"""
# Each test leaves the name of the worker that it ran on.
_TEST = """
import os, pathlib, pytest
{mark}
@pytest.mark.parametrize("number", range(4))
def test_where(number):
    with open("order", "a") as file:
        file.write(f"{name} {{os.environ.get('PYTEST_XDIST_WORKER')}}\\n")
"""


def _run(folder: Path, *options: str, **marks: str) -> list[tuple[str, str]]:
    """Files with one mark each; (file, worker) of every test, in the order in which they ran."""
    (folder / "conftest.py").write_text(_CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  alone\n  slow\n")
    for name, mark in marks.items():
        line = f"pytestmark = pytest.mark.{mark}" if mark else ""
        (folder / f"test_{name}.py").write_text(_TEST.format(name=name, mark=line))
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options),
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {"PYTHONPATH": f"{ROOT}:{ROOT / 'daemon'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (folder / "order").read_text().splitlines()
    return [(name, worker) for name, worker in (line.split() for line in lines)]


def test_a_file_stays_together_and_what_must_be_alone_shares_a_worker(tmp_path: Path) -> None:
    ran = _run(tmp_path, "-n", "2", one="alone", two="", three="alone", four="")
    workers = {name: {worker for other, worker in ran if other == name} for name in ("one", "two", "three", "four")}
    assert all(len(found) == 1 for found in workers.values()), workers
    assert workers["one"] == workers["three"]
    assert len(ran) == 16


def test_slow_files_come_first(tmp_path: Path) -> None:
    ran = _run(tmp_path, a="", b="slow", c="", d="slow")
    assert [name for name, _ in ran[::4]] == ["b", "d", "a", "c"]
