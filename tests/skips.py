"""pytest plug-in: an unexpected skip fails the run (``--strict-skips``; CI sets it by CI=true).

pytest's own summary (``-rs``) has every skip with its reason; expected_skips.py says which are in order, and why.
"""

from __future__ import annotations

import os

import pytest

from tests.expected_skips import EXPECTED_SKIPS


def add_option(parser: pytest.Parser) -> None:
    """``--strict-skips``."""
    parser.addoption(
        "--strict-skips",
        action="store_true",
        default=os.environ.get("CI", "").lower() in {"1", "true"},
        help="fail when a test is skipped that is not in tests/expected_skips.py (default where CI=true)",
    )


def register(config: pytest.Config) -> None:
    """Where it was asked for. A worker of pytest-xdist reports to its controller, which is the one to judge."""
    if config.getoption("--strict-skips") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipGuard(), "visaged-skips")


class SkipGuard:
    """Collects the skips of a run and fails it at its end."""

    def __init__(self) -> None:
        self.unexpected: list[str] = []

    def _see(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        # (file, line, "Skipped: reason")
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not any(expected.matches(reason) for expected in EXPECTED_SKIPS):
            self.unexpected.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test, or its set-up, was skipped."""
        self._see(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole file was skipped (importorskip)."""
        self._see(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Green becomes red."""
        if self.unexpected and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Says what to do."""
        if not self.unexpected:
            return
        terminalreporter.section("unexpected skips", red=True)
        for line in self.unexpected:
            terminalreporter.write_line(line)
        terminalreporter.write_line(
            "Install what they need (setup.sh, or dev in pyproject.toml and `make lock`), or, "
            "where it cannot be had in CI, put the reason into tests/expected_skips.py."
        )
