from __future__ import annotations

import io
import sys

import pytest

from visaged.console.progress import progress_bar


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _work() -> None:
    with progress_bar() as report:
        report("reading", 0.0)
        report("reading", 0.5)
        report("writing", 1.0)
    print("done")


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _work()
    assert capsys.readouterr() == ("done\n", "")


def test_on_a_terminal_the_steps_are_shown_beside_the_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    _work()
    assert "writing" in terminal.getvalue()
    assert capsys.readouterr().out == "done\n"
