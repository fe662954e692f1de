"""``visaged record`` and ``visaged calibrate`` against a running daemon."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.running import Running
from visaged import samples
from visaged.cli.main import main
from visaged.console import exit_codes
from visaged.control.local.client import ControlClient
from visaged.curves import INDEX
from visaged.recording.files import read


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("box")
    config = folder / "visaged.toml"
    speech = samples.speech_path()
    config.write_text(
        f'[audio.input]\nbackend = "file"\npath = "{speech}"\nloop = true\n[capsules]\nlibrary = "{folder}/library"\n'
        '[face]\nsolver = "energy"\n'
    )
    with Running(f"--config={config}", log=folder / "log") as daemon:
        daemon.wait_for(lambda: "control socket" in daemon.log, "the control socket")
        daemon.wait_for_packets(60)
        yield daemon


def socket_of(running: Running) -> str:
    return f"--socket={running.folder / 'control.sock'}"


@pytest.mark.parametrize("suffix", ["csv", "npz"])
def test_the_live_face_becomes_a_file_that_goes_back_in(running: Running, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"take.{suffix}"
    assert main(["record", str(out), "--seconds", "1.5", socket_of(running)]) == exit_codes.DONE
    recording = read(out)
    assert (len(recording.curves), recording.fps) == (90, 60)
    sent = np.stack([packet.curves for _, packet in running.packets]).astype(np.float32)
    # It is what was sent: from its first pose in the packets to its last, every packet shows one of its poses.
    # (A packet whose pose came late on a busy machine shows the one before.)
    near = np.array([np.abs(recording.curves - pose).max(axis=1).min() < 1e-4 for pose in sent])
    first, last = np.flatnonzero(near)[[0, -1]]
    assert near[first : last + 1].all()
    assert last - first >= 85
    with ControlClient(running.folder / "control.sock") as client:
        assert client.call("record.list")["takes"] == []


def test_what_cannot_be_written_is_said_before_anything_is_recorded(
    running: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    for out, words in ((there, "is there already"), (tmp_path / "a.txt", "neither .csv nor .npz")):
        assert main(["record", str(out), "--seconds", "1", socket_of(running)]) == exit_codes.USAGE
        assert words in capsys.readouterr().err
    assert main(["record", str(tmp_path / "no" / "a.csv"), socket_of(running)]) == exit_codes.USAGE
    assert there.read_text() == "mine"


def test_without_a_daemon_it_says_so(tmp_path: Path) -> None:
    missing = f"--socket={tmp_path / 'none.sock'}"
    assert main(["record", str(tmp_path / "a.csv"), missing]) == exit_codes.UNAVAILABLE
    assert main(["calibrate", "neutral", missing]) == exit_codes.UNAVAILABLE


def test_calibrating_shows_what_would_change_and_asks(
    running: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ControlClient(running.folder / "control.sock") as client:
        client.call("config.set", timeout_s=30, settings={"face": {"scale": {"JawOpen": 0.4}}})
        arguments = ["calibrate", "range", "--seconds", "6", socket_of(running)]
        monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
        assert main(arguments) == exit_codes.DONE
        said = capsys.readouterr().out
        assert "JawOpen" in said
        assert "nothing was changed" in said
        before = client.call("config.get", section="face")["settings"]["face"]["scale"]
        assert before == {"JawOpen": 0.4}
        assert main([*arguments, "--yes"]) == exit_codes.DONE
        after = client.call("config.get", section="face")["settings"]["face"]["scale"]
        assert after["JawOpen"] > 0.4


def test_a_voice_is_no_rest(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "neutral", "--seconds", "6", socket_of(running)]) == exit_codes.FAILED
    assert "somebody spoke" in capsys.readouterr().err
    assert INDEX["JawOpen"] == 17
