"""Faults on a booted box: a stage that hangs, a program that cannot start, power off and on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.box.machine import Machine

# All boxes are booted from the one tree in build/box, which the first call makes (minutes).
pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(1800)]
_WITH_A_FAULT = """
ExecStart=
ExecStart=/opt/visaged/bin/python /test/wedge.py run
[Service]
"""
_CONFIG = """[audio.input]
backend = "alsa"
device = "mic"
[face]
solver = "energy"
"""


@pytest.fixture(scope="module")
def faulty(tree: Path, paced_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("faulty")
    shutil.copy(Path(__file__).with_name("wedge.py"), folder)
    with Machine(tree, folder, paced_library, drop_in=_WITH_A_FAULT, config=_CONFIG) as machine:
        machine.wait_for(lambda: machine.health()["audio"]["input"] == "alsa:mic", "the microphone")
        yield machine


def _restarts(machine: Machine) -> int:
    restarts: int = machine.health_or_none().get("service", {}).get("stage_restarts", 0)
    return restarts


def test_a_wedged_stage_is_restarted_in_place(faulty: Machine) -> None:
    pid = faulty.show("MainPID")
    faulty.run("touch", "/run/visaged/wedge")
    faulty.wait_for(lambda: _restarts(faulty) == 1, "a restart in place")
    faulty.run("rm", "/run/visaged/wedge")
    faulty.wait_for(lambda: faulty.health()["problems"] == [] or _only_realtime(faulty), "the problem to be over")
    assert (faulty.show("MainPID"), faulty.show("NRestarts")) == (pid, "0")
    (said,) = faulty.journal("--unit=visaged", "--grep=restarted in place")[:1]
    assert "solver: no sign of life" in said["MESSAGE"]


def _only_realtime(machine: Machine) -> bool:
    return {problem["code"] for problem in machine.health()["problems"]} <= {"livelink_not_realtime"}


def test_a_stage_that_stays_wedged_ends_the_process_and_the_reason_is_kept(faulty: Machine) -> None:
    packets = faulty.face()["packets"]
    faulty.run("touch", "/run/visaged/wedge")
    # The fault lies in the runtime directory, which goes with the process.
    faulty.wait_for(lambda: faulty.show("NRestarts") == "1", "systemd to start it again")
    faulty.wait_for(lambda: bool(faulty.health_or_none()), "the new process")
    service = faulty.health()["service"]
    assert service["last_end"].startswith("solver: no sign of life for ")
    trace = faulty.journal("--unit=visaged", "--grep=most recent call first")
    assert trace, "every thread has said where it stood"
    faulty.wait_for(lambda: faulty.face()["packets"] > packets, "packets again")


def test_a_program_that_cannot_start_is_tried_again_after_a_pause_for_ever(faulty: Machine) -> None:
    folder = faulty.folder / "drop-in"
    good = (folder / "test.conf").read_text()
    (folder / "test.conf").write_text("[Unit]\nStartLimitIntervalSec=5\n[Service]\nExecStart=\nExecStart=/bin/false\n")
    faulty.run("mkdir", "-p", "/run/systemd/system/visaged-retry.timer.d")
    faulty.run(
        "sh", "-c", "echo '[Timer]\nOnActiveSec=\nOnActiveSec=6' >/run/systemd/system/visaged-retry.timer.d/t.conf"
    )
    faulty.run("systemctl", "daemon-reload")
    faulty.run("systemctl", "restart", "visaged")
    faulty.wait_for(lambda: faulty.run("systemctl", "is-active", "visaged") == "failed", "the limit")
    assert faulty.run("systemctl", "is-active", "visaged-retry.timer") == "active"
    (folder / "test.conf").write_text(good)
    faulty.run("systemctl", "daemon-reload")
    faulty.wait_for(lambda: faulty.run("systemctl", "is-active", "visaged") == "active", "another chance")


def test_it_powers_off_cleanly_and_settings_survive(tree: Path, paced_library: Path, tmp_path: Path) -> None:
    with Machine(tree, tmp_path, paced_library) as machine:
        assert machine.ask("config.set", settings={"livelink": {"subject": "guest-7"}})["applied"]
        machine.wait_for(lambda: machine.face()["subject"] == "guest-7", "the new subject")
        assert machine.power_off() == 0
    assert not (tmp_path / "var" / "running").exists()
    with Machine(tree, tmp_path, paced_library) as machine:
        assert machine.face()["subject"] == "guest-7"
        assert machine.health()["service"]["last_end"] is None
        machine.kill()
    with Machine(tree, tmp_path, paced_library) as machine:
        # A power cut is told from a kill by the boot's id; with a /proc of its own the service sees that of our kernel.
        assert machine.health()["service"]["last_end"] in ("the box lost its power or was reset", "it was killed")
