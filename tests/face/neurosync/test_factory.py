"""NeuroSync in the whole daemon: from a file to packets, chosen by command, and beaten by its own model."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.app.test_commands import Asker
from tests.face.neurosync.small_model import write_neurosync
from tests.running import Running
from visaged import samples

FPS = 60
SPEECH = ("--input", str(samples.speech_path()), "--set", "audio.input.loop=true", "--set", "animation.idle=false")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # What is measured on this machine is none of the machine's business.
    monkeypatch.setenv("VISAGED__INFERENCE__ENGINE_CACHE", str(tmp_path / "engines"))
    write_neurosync(tmp_path / "models" / "p")
    return tmp_path / "models"


def test_it_moves_the_face_its_lookahead_late_and_stops_cleanly(tmp_path: Path, models: Path) -> None:
    options = ("--solver", "neurosync", "--models", str(models), "--set", "face.neurosync_hop_ms=100")
    with Running(*SPEECH, *options, log=tmp_path / "log") as running:
        running.wait_for(lambda: "solver neurosync, look-ahead 251 ms" in running.log, "the solver")
        running.wait_for_packets(5 * FPS)
        assert running.stop() == 0
    jaw = running.curve("JawOpen")
    assert jaw.max() > 0.2
    assert "Traceback" not in running.log


def test_it_is_selected_by_command_and_health_says_what_runs(tmp_path: Path, models: Path) -> None:
    with Running(*SPEECH, "--models", str(models), log=tmp_path / "log") as running:
        running.wait_for(lambda: "control socket" in running.log, "the control socket")
        asker = Asker(running.folder / "control.sock")
        try:
            selected = asker.data("models.select", name="neurosync")
            assert selected["kind"] == "neurosync"
            running.wait_for(lambda: "solver neurosync" in running.log, "the solver")
            solver = asker.data("health.get")["solver"]
            assert (solver["name"], solver["precision"]) == ("neurosync", "fp32")
            assert solver["lookahead_ms"] >= 117
            # What the voice sounds like has become the mood.
            running.wait_for(lambda: asker.data("health.get")["face"]["arousal"] != 0, "an emotion")
            listed = asker.data("models.list")["models"]
            assert [model["kind"] for model in listed if model["selected"]] == ["neurosync"]
        finally:
            asker.close()
        assert running.stop() == 0


def processes(daemon: int) -> list[int]:
    """NeuroSync's processes among the children of ``daemon``."""
    children = [
        int(pid) for task in Path(f"/proc/{daemon}/task").glob("*/children") for pid in task.read_text().split()
    ]
    return [pid for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == "visaged-neuro"]


def test_its_process_may_die_and_hang_and_the_face_goes_on(tmp_path: Path, models: Path) -> None:
    options = ("--solver", "neurosync", "--models", str(models), "--set", "face.neurosync_hop_ms=100")
    with Running(*SPEECH, *options, log=tmp_path / "log") as running:
        running.wait_for(lambda: "solver neurosync" in running.log, "the solver")
        asker = Asker(running.folder / "control.sock")
        try:
            (first,) = processes(running.process.pid)
            alone_mib = asker.data("health.get")["process"]["rss_mib"]
            os.kill(first, signal.SIGSTOP)
            running.wait_for_packets(FPS)
            running.wait_for(lambda: "neurosync_process" in running.log, "the word that it died")
            running.wait_for(lambda: bool({*processes(running.process.pid)} - {first}), "another process")
            codes = [problem["code"] for problem in asker.data("health.get")["problems"]]
            assert "neurosync_process" in codes
            running.wait_for(lambda: asker.data("health.get")["process"]["rss_mib"] > 0.8 * alone_mib, "its memory")
            assert asker.data("health.get")["solver"]["name"] == "neurosync"
            for _ in range(2):
                running.wait_for(lambda: bool(processes(running.process.pid)), "a process to kill")
                (pid,) = processes(running.process.pid)
                os.kill(pid, signal.SIGKILL)
                running.wait_for_packets(FPS)
                running.wait_for(lambda pid=pid: pid not in processes(running.process.pid), "its end")  # type: ignore[misc]
            running.wait_for(lambda: "solver lipsync" in running.log, "the step down")
        finally:
            asker.close()
        assert running.stop() == 0
    assert "for the 3rd time" in running.log
    assert "Traceback" not in running.log
    assert (np.diff(running.ticks()) > 0).all(), "scene time goes on"


def test_a_model_that_fails_gives_way_to_the_next_solver(tmp_path: Path, models: Path) -> None:
    """It answers well to silence, which is what it is timed with, and NaN to a voice."""
    write_neurosync(models / "worse", answer="nan in voice", version="2.0.0")
    with Running(*SPEECH, "--solver", "neurosync", "--models", str(models), log=tmp_path / "log") as running:
        running.wait_for(lambda: "solver_failed" in running.log, "the failure")
        # The solver without a model at once, and the next fallback level when it lasts.
        running.wait_for(lambda: "solver lipsync" in running.log, "the step down")
        running.wait_for_packets(FPS)
        assert running.stop() == 0
    assert "NeuroSync failed: neurosync answered with NaN" in running.log
    assert "'lipsync' moves the face instead of 'neurosync'" in running.log
