from __future__ import annotations

from pathlib import Path

import pytest

from visaged.system.last_end import EndRecord, state_folder


def _systemd_saw(folder: Path, words: str) -> None:
    """What ExecStopPost= of the unit writes."""
    (folder / "last-end").write_text(words + "\n")


def test_a_clean_end_needs_no_words(tmp_path: Path) -> None:
    first = EndRecord(tmp_path)
    assert first.read() is None
    first.begin()
    first.end()
    _systemd_saw(tmp_path, "success exited 0")
    assert EndRecord(tmp_path).read() is None


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ("watchdog dumped ABRT", "the watchdog was not fed: ABRT"),
        ("oom-kill killed KILL", "the box ran out of memory: KILL"),
        ("signal killed SEGV", "it was killed: SEGV"),
        ("exit-code exited 1", "it failed: 1"),
        ("start-limit-hit", "start-limit-hit"),
    ],
)
def test_what_systemd_saw(tmp_path: Path, seen: str, reason: str) -> None:
    EndRecord(tmp_path).begin()
    _systemd_saw(tmp_path, seen)
    end = EndRecord(tmp_path).read()
    assert end is not None
    assert end.reason == reason
    assert end.time is not None


def test_the_process_own_reason_comes_first(tmp_path: Path) -> None:
    record = EndRecord(tmp_path)
    record.begin()
    record.explain("solver: no sign of life for 2.1 s")
    _systemd_saw(tmp_path, "watchdog dumped ABRT")
    end = EndRecord(tmp_path).read()
    assert end is not None
    assert end.reason == "solver: no sign of life for 2.1 s (the watchdog was not fed: ABRT)"


def test_an_end_that_nobody_saw_was_a_power_cut_when_the_box_has_booted_since(tmp_path: Path) -> None:
    before, now = tmp_path / "before", tmp_path / "now"
    before.write_text("d1b4fb9c\n")
    now.write_text("1f4a7102\n")
    _systemd_saw(tmp_path, "watchdog dumped ABRT")
    EndRecord(tmp_path, before).begin()
    end = EndRecord(tmp_path, now).read()
    assert end is not None
    assert "power" in end.reason
    assert end.time is None
    killed = EndRecord(tmp_path, before).read()
    assert killed is not None
    assert killed.reason == "it was killed", "systemd may fail to run what writes down the reason"


def test_it_is_reported_until_the_next_run_began(tmp_path: Path) -> None:
    EndRecord(tmp_path).begin()
    record = EndRecord(tmp_path)
    assert record.read() is not None
    assert record.read() is not None, "a start that never got ready does not hide it"
    record.begin()
    record.end()
    assert record.read() is None


def test_rubbish_in_the_files_is_cut_and_shown(tmp_path: Path) -> None:
    (tmp_path / "running").write_bytes(b"\xff\x00 what\n\n" * 1000)
    (tmp_path / "last-end").write_bytes(b"\xfe" * 5000)
    end = EndRecord(tmp_path).read()
    assert end is not None
    assert len(end.reason) < 2200
    assert "\n" not in end.reason


def test_a_folder_that_cannot_be_written_is_said_and_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    record = EndRecord(tmp_path / "none")
    record.begin()
    record.explain("x")
    record.end()
    assert "cannot be written" in caplog.text
    assert record.read() is None


def test_without_a_folder_nothing_is_kept() -> None:
    record = EndRecord(None)
    record.begin()
    record.explain("x")
    record.end()
    assert record.read() is None


def test_systemds_state_directory() -> None:
    assert state_folder({}) is None
    assert state_folder({"STATE_DIRECTORY": "/var/lib/visaged:/var/lib/visaged/models"}) == Path("/var/lib/visaged")
