from __future__ import annotations

import resource
from pathlib import Path

import pytest

from visaged.control import process
from visaged.control.process import ProcessFigures


def _stat(proc: Path, pid: int, ticks: int) -> None:
    fields = ["S", *["0"] * 10, str(ticks), "0", "0", "0", "20", "0", "7", "0", "0", "0", "2560"]
    (proc / str(pid)).mkdir(exist_ok=True)
    (proc / str(pid) / "stat").write_text(f"{pid} (a name) with ) brackets) {' '.join(fields)}\n")


def test_processes_are_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time_ns = 0
    monkeypatch.setattr(process, "now_ns", lambda: time_ns)
    for pid in (1, 2):
        _stat(tmp_path, pid, 100)
    figures = ProcessFigures(lambda: (1, 2, 3), tmp_path)
    for pid in (1, 2):
        _stat(tmp_path, pid, 125)
    time_ns = 2 * 10**9
    read = figures.read()
    assert (read.cpu_percent, read.threads) == (25.0, 14)
    assert read.rss_mib == pytest.approx(2 * 2560 * resource.getpagesize() / 2**20, abs=0.1)


def test_a_process_that_was_replaced_does_not_make_it_negative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time_ns = 0
    monkeypatch.setattr(process, "now_ns", lambda: time_ns)
    _stat(tmp_path, 1, 100)
    figures = ProcessFigures(lambda: (1,), tmp_path)
    _stat(tmp_path, 1, 5)
    time_ns = 2 * 10**9
    assert figures.read().cpu_percent == 0.0
