from __future__ import annotations

from pathlib import Path

import pytest

from tests.face.neurosync.small_model import write_neurosync
from visaged.config import InferenceSettings
from visaged.face.neurosync.threads import choose, keep_measured, most_threads, read_measured, threads_for
from visaged.inference.package import Package


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_neurosync(tmp_path / "p")


@pytest.fixture(autouse=True)
def six_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(6)))


@pytest.mark.parametrize(
    ("window_ms", "threads"),
    [({1: 200.0, 2: 110.0, 3: 80.0}, 3), ({1: 100.0, 2: 95.0, 3: 92.0}, 1), ({1: 200.0, 2: 105.0, 3: 100.0}, 2)],
)
def test_the_fewest_that_are_about_as_quick_as_the_quickest(window_ms: dict[int, float], threads: int) -> None:
    assert choose(window_ms) == threads


def test_what_was_measured_is_kept_for_this_box_and_model(tmp_path: Path, package: Package) -> None:
    cache = tmp_path / "cache" / "engines"
    assert read_measured(cache, package, "fp32") is None
    keep_measured(cache, package, "fp32", {1: 200.0, 2: 110.0, 3: 80.0})
    kept = read_measured(cache, package, "fp32")
    assert kept is not None
    assert (kept.threads, kept.window_ms) == (3, {1: 200.0, 2: 110.0, 3: 80.0})
    assert read_measured(cache, package, "int8") is None
    other = write_neurosync(tmp_path / "other", columns=61)
    assert read_measured(cache, other, "fp32") is None


def test_on_another_box_it_is_measured_again(tmp_path: Path, package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_measured(tmp_path, package, "fp32", {1: 200.0, 2: 110.0})
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(4)))
    assert read_measured(tmp_path, package, "fp32") is None


def test_a_note_that_cannot_be_read_or_written_is_no_trouble(
    tmp_path: Path, package: Package, caplog: pytest.LogCaptureFixture
) -> None:
    keep_measured(tmp_path, package, "fp32", {1: 200.0})
    (note,) = tmp_path.glob("threads_*.json")
    for text in ("", "[]", '{"threads": 2}', '{"threads": 99, "window_ms": {"x": 1}, "box": "", "date": ""}'):
        note.write_text(text)
        assert read_measured(tmp_path, package, "fp32") is None
    assert "measured again" in caplog.text
    keep_measured(note / "no folder", package, "fp32", {1: 200.0})


def test_as_set_else_as_measured_else_every_core(tmp_path: Path, package: Package) -> None:
    inference = InferenceSettings(engine_cache=tmp_path)
    assert threads_for(inference, package) == most_threads() == 6
    keep_measured(tmp_path, package, "fp32", {1: 200.0, 2: 110.0})
    assert threads_for(inference, package) == 2
    assert threads_for(InferenceSettings(engine_cache=tmp_path, threads=4), package) == 4
