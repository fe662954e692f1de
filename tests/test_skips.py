"""The guard against unexpected skips, in runs of pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.expected_skips import EXPECTED_SKIPS

ROOT = Path(__file__).parents[1]
# What tests/conftest.py does, with one reason that is in order.
_CONFTEST = """
from tests import skips
from tests.expected_skips import Expected

skips.EXPECTED_SKIPS = (Expected("no such card", "a test"),)

def pytest_addoption(parser):
    skips.add_option(parser)

def pytest_configure(config):
    skips.register(config)
"""
_EXPECTED = 'import pytest\n\ndef test_card():\n    pytest.skip("no such card: buy one")\n'
_UNEXPECTED = 'import pytest\n\ndef test_other():\n    pytest.skip("no reason")\n'
_WHOLE_FILE = 'import pytest\n\npytest.importorskip("no_such_module", reason="no such module")\n'
_PASSES = "def test_passes():\n    pass\n"
_KNOWN_TO_FAIL = "import pytest\n\n@pytest.mark.xfail\ndef test_fails():\n    assert False\n"


def _run(folder: Path, *options: str, ci: str = "", **files: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(_CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = alone\n")
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    return subprocess.run(
        (sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", *options),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'daemon'}", "CI": ci, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
@pytest.mark.parametrize(("text", "reason"), [(_UNEXPECTED, "no reason"), (_WHOLE_FILE, "no such module")])
def test_an_unexpected_skip_fails_the_run(tmp_path: Path, text: str, reason: str, workers: tuple[str, ...]) -> None:
    done = _run(tmp_path, "--strict-skips", *workers, one=text, two=_PASSES)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "unexpected skips" in done.stdout
    assert f": {reason}" in done.stdout
    assert "put the reason into tests/expected_skips.py" in done.stdout


def test_a_file_that_is_skipped_alone_fails_the_run_too(tmp_path: Path) -> None:
    assert _run(tmp_path, "--strict-skips", one=_WHOLE_FILE).returncode == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("text", [_EXPECTED, _KNOWN_TO_FAIL])
def test_an_expected_skip_and_a_known_failure_are_in_order(tmp_path: Path, text: str) -> None:
    done = _run(tmp_path, "--strict-skips", one=text)
    assert done.returncode == 0, done.stdout
    assert "unexpected skips" not in done.stdout


def test_ci_is_strict_and_a_person_is_not(tmp_path: Path) -> None:
    assert _run(tmp_path, one=_UNEXPECTED).returncode == 0
    assert _run(tmp_path, ci="true").returncode == pytest.ExitCode.TESTS_FAILED


def test_every_reason_compiles_and_says_why() -> None:
    for expected in EXPECTED_SKIPS:
        assert expected.because
        assert not expected.matches("")
