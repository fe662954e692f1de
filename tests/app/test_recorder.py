"""The recorder on a history that a test fills: no clock, no daemon."""

from __future__ import annotations

import errno
import os
import shutil
from collections import namedtuple
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.patience import wait_until
from visaged.animation.history import PoseHistory
from visaged.app import recorder as recorder_module
from visaged.app.recorder import Recorder, RecorderError, RunningError, TakeState, UnknownTakeError, recordings_folder
from visaged.clock import NS_PER_S
from visaged.problems import Problems
from visaged.recording.csv_file import read_csv

FPS = Fraction(60)


class Rig:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recorder_module, "_EVERY_S", 0.01)
        self.history, self.problems = PoseHistory(), Problems()
        self.recorder = Recorder(folder, self.history, self.problems)
        self._rng = np.random.default_rng(0)
        self.sent: list[np.ndarray] = []
        self.tick = 0

    def send(self, count: int, *, skip: int = 0) -> None:
        """Poses of the next ticks, after ``skip`` that were not rendered."""
        self.tick += skip
        for _ in range(count):
            pose = self._rng.random(61).astype(np.float32)
            self.history.add(pose, round(self.tick * NS_PER_S / FPS))
            self.sent.append(pose)
            self.tick += 1

    @property
    def take(self) -> TakeState:
        take = self.recorder.take
        assert take is not None
        return take


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(tmp_path / "recordings", monkeypatch)


def test_what_was_sent_comes_back_within_a_ten_thousandth(rig: Rig) -> None:
    rig.send(50)
    rig.recorder.start("one", 60, FPS)
    rig.send(200)
    wait_until(lambda: rig.take.frames == 200)
    rig.send(20)
    stopped = rig.recorder.stop()
    assert stopped is not None
    assert (stopped.frames, stopped.lost, stopped.running, stopped.problem) == (220, 0, False, None)
    recording = read_csv(stopped.file, FPS)
    assert recording.fps == FPS
    assert np.abs(recording.curves - np.stack(rig.sent[50:])).max() < 1e-4


def test_a_take_ends_by_itself(rig: Rig) -> None:
    rig.recorder.start("one", 1.0, FPS)
    rig.send(100)
    wait_until(lambda: not rig.take.running)
    assert rig.take.frames == 60
    assert len(read_csv(rig.take.file, FPS).curves) == 60
    assert rig.recorder.stop() is None


def test_ticks_that_were_not_rendered_are_missing_rows_not_a_shorter_take(rig: Rig) -> None:
    rig.recorder.start("one", 60, FPS)
    # Longer than a second: timecodes count the frames of one.
    rig.send(90)
    rig.send(90, skip=30)
    wait_until(lambda: rig.take.frames == 210)
    rig.recorder.stop()
    assert len(rig.take.file.read_text().splitlines()) == 1 + 180
    assert len(read_csv(rig.take.file, FPS).curves) == 210


def test_one_take_at_a_time_and_none_is_written_over(rig: Rig) -> None:
    rig.recorder.start("one", 60, FPS)
    with pytest.raises(RunningError, match="'one' is being recorded"):
        rig.recorder.start("two", 60, FPS)
    with pytest.raises(RunningError):
        rig.recorder.remove("one")
    rig.send(5)
    rig.recorder.stop()
    with pytest.raises(RecorderError, match="there is a take 'one' already"):
        rig.recorder.start("one", 60, FPS)


def test_takes_are_listed_and_removed(rig: Rig) -> None:
    for name in ("one", "two"):
        rig.recorder.start(name, 60, FPS)
        rig.send(5)
        rig.recorder.stop()
    assert [take.file.stem for take in rig.recorder.takes()] == ["one", "two"]
    rig.recorder.remove("one")
    assert [take.file.stem for take in rig.recorder.takes()] == ["two"]
    with pytest.raises(UnknownTakeError, match="no take 'one'"):
        rig.recorder.remove("one")


def test_a_link_in_its_place_is_not_followed(rig: Rig, tmp_path: Path) -> None:
    rig.recorder.folder.mkdir()
    elsewhere = tmp_path / "elsewhere.csv"
    (rig.recorder.folder / "one.csv").symlink_to(elsewhere)
    with pytest.raises(RecorderError):
        rig.recorder.start("one", 60, FPS)
    assert not elsewhere.exists()


def test_a_full_folder_and_a_full_disk_are_refused_before_anything_is_written(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")(1, 1, 1000)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(RecorderError, match="of the disk are free"):
            rig.recorder.start("one", 60, FPS)
    monkeypatch.setattr(recorder_module, "MOST_TAKES", 0)
    with pytest.raises(RecorderError, match="remove some"):
        rig.recorder.start("one", 60, FPS)
    assert list(rig.recorder.folder.iterdir()) == []


def test_a_disk_that_fills_up_ends_the_take_and_what_was_recorded_can_be_read(rig: Rig, small_disk: Path) -> None:
    recorder = Recorder(small_disk / "recordings", rig.history, rig.problems)
    take = recorder.start("one", 3600, FPS)

    def ended() -> bool:
        rig.send(100)
        state = recorder.take
        return state is not None and not state.running

    wait_until(ended)
    (problem,) = rig.problems.current()
    assert (problem.code, recorder.take is not None and recorder.take.problem) == (
        "recording",
        "the disk refuses it: No space left on device",
    )
    recording = read_csv(take.file, FPS)
    assert len(recording.curves) > 100
    assert np.abs(recording.curves - np.stack(rig.sent[: len(recording.curves)])).max() < 1e-4
    recorder.remove("one")
    assert rig.problems.current() == ()


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A disk that takes 300 kB of what is written to it, and says that it has room."""
    monkeypatch.setattr(recorder_module, "KEEP_FREE_BYTES", 0)
    real, left = os.fdopen, [300_000]

    class Small:
        def __init__(self, stream: object) -> None:
            self._stream = stream

        def __getattr__(self, name: str) -> object:
            return getattr(self._stream, name)

        def __enter__(self) -> Small:
            return self

        def __exit__(self, *_: object) -> None:
            self._stream.close()  # type: ignore[attr-defined]

        def write(self, text: str) -> int:
            left[0] -= len(text)
            if left[0] < 0:
                # A part of the row still fits.
                self._stream.write(text[: len(text) // 2])  # type: ignore[attr-defined]
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return int(self._stream.write(text))  # type: ignore[attr-defined]

    monkeypatch.setattr(recorder_module.os, "fdopen", lambda *args: Small(real(*args)))
    return tmp_path


def test_without_a_service_takes_are_the_persons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert recordings_folder() == Path("/somewhere/visaged/recordings")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/visaged")
    assert recordings_folder() == Path("/var/lib/visaged/recordings")
