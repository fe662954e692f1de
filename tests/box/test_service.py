"""The installed service on a booted box: the face moves, under all that its unit takes away."""

from __future__ import annotations

import os
import signal

import pytest

from tests.box.machine import Machine

# All boxes are booted from the one tree in build/box, which the first call makes (minutes).
pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(1800)]
# What cannot be otherwise here: a container may not raise limits.
_NOT_OURS = ("Failed to set fd limit",)


def _of_the_service(machine: Machine, *command: str) -> str:
    """A command as the service's user, in its view of the files."""
    mounts = ("nsenter", "-t", machine.show("MainPID"), "-m")
    return machine.run(*mounts, "setpriv", "--reuid=visaged", "--regid=visaged", "--init-groups", *command)


def test_packets_come_and_the_voice_moves_the_mouth(machine: Machine) -> None:
    machine.wait_for(lambda: len(machine.received()) >= 3, "three reports of the receiver")
    machine.wait_for(lambda: any(face["curves"]["JawOpen"] > 0.05 for face in machine.received()), "the mouth to open")
    face = machine.face()
    assert (face["subject"], face["rate_fps"]) == ("visaged", "60")
    assert machine.health()["audio"]["input"] == "alsa:mic"
    assert machine.health()["solver"]["name"] == "lipsync"


def test_systemctl_status_says_how_the_face_is(machine: Machine) -> None:
    machine.wait_for(lambda: "solver lipsync" in machine.show("StatusText"), "the status line")
    status = machine.show("StatusText")
    assert "60 fps to 127.0.0.1:11111" in status
    assert "input alsa:mic" in status
    assert machine.show("NRestarts") == "0"


def test_the_journal_is_clean(machine: Machine) -> None:
    allowed = ("livelink_not_realtime",) if not _realtime(machine) else ()
    loud = [
        entry
        for entry in machine.journal("--priority=warning")
        if not any(words in str(entry["MESSAGE"]) for words in (*_NOT_OURS, *allowed))
    ]
    assert [f"{entry.get('_SYSTEMD_UNIT')}: {entry['MESSAGE']}" for entry in loud] == []


def test_engines_are_asked_for_once_and_there_are_none_without_a_gpu(machine: Machine) -> None:
    unit = "visaged-models-build"
    machine.wait_for(lambda: machine.show("ActiveState", unit) == "inactive", "the build to end")
    assert machine.show("Result", unit) == "success"
    assert machine.run("ls", "/var/cache/visaged/engines/.built") == "/var/cache/visaged/engines/.built"
    machine.run("systemctl", "start", unit)
    assert machine.show("ConditionResult", unit) == "no"


def _realtime(machine: Machine) -> bool:
    """Whether this machine can grant realtime priority at all: a container may not be able to raise the limit."""
    return "20" in machine.run("prlimit", "--rtprio=20:20", "prlimit", "--rtprio", "--noheadings", "--output=SOFT")


def test_the_sender_has_realtime_priority_without_root(machine: Machine) -> None:
    expected = "fifo" if _realtime(machine) else "other"
    limits = machine.run("cat", f"/proc/{machine.show('MainPID')}/limits")
    policy = "fifo" if "SCHED_FIFO" in machine.run("sh", "-c", "chrt -p $(pgrep visaged-sender)") else "other"
    assert policy == expected, limits
    assert machine.show("User") == "visaged"


def test_what_the_service_may_write_and_what_not(machine: Machine) -> None:
    may = ["/etc/visaged", "/var/lib/visaged/capsules", "/var/lib/visaged/models", "/var/cache/visaged/downloads"]
    may_not = ["/etc/visaged/keys", "/etc", "/opt/visaged/bin", "/usr", "/var/lib", "/test"]
    for folder in (*may, *may_not):
        done = _of_the_service(machine, "sh", "-c", f"touch {folder}/.try && rm {folder}/.try && echo written")
        assert (done == "written") == (folder in may), f"{folder}: {done}"
    replaced = _of_the_service(machine, "sh", "-c", "mv /etc/visaged/keys /etc/visaged/other && echo replaced")
    assert "replaced" not in replaced, "whose packs may be installed is for root to say"


def test_the_control_socket_is_for_the_group(machine: Machine) -> None:
    assert machine.run("stat", "--format=%a %U %G", "/run/visaged/control.sock") == "660 visaged visaged"
    assert machine.ask("ping")["version"]


def test_a_setting_over_the_air_is_written_under_the_hardening(machine: Machine) -> None:
    assert machine.ask("config.set", settings={"face": {"intensity": 0.75}})["applied"]
    assert "intensity = 0.75" in (machine.folder / "etc" / "visaged.toml").read_text()


def test_a_setting_on_the_box_is_read_again_and_a_broken_one_refused(machine: Machine) -> None:
    path = machine.folder / "etc" / "visaged.toml"
    good = path.read_text()
    path.write_text(good + "\n[livelink]\nsubject = 'kiosk'\n")
    machine.run("systemctl", "reload", "visaged")
    machine.wait_for(lambda: machine.face()["subject"] == "kiosk", "the new subject")
    path.write_text(good + "\n[livelink]\nsubject = 9\n")
    machine.run("systemctl", "reload", "visaged")
    machine.wait_for(lambda: bool(machine.journal("VISAGED_PROBLEM=config_rejected")), "a refusal in the journal")
    (entry,) = machine.journal("VISAGED_PROBLEM=config_rejected")
    assert "livelink.subject = 9" in entry["MESSAGE"]
    assert entry["CODE_FILE"].endswith("app/control.py")
    assert entry["PRIORITY"] == "4"
    path.write_text(good)
    machine.run("systemctl", "reload", "visaged")
    machine.wait_for(lambda: machine.face()["subject"] == "visaged", "the subject before")
    assert machine.run("systemctl", "is-active", "visaged") == "active"


def test_a_restart_by_command_keeps_the_process_and_is_no_failure(machine: Machine) -> None:
    pid = machine.show("MainPID")
    since = machine.show("ActiveEnterTimestampMonotonic")
    machine.ask("restart")
    machine.wait_for(lambda: machine.health_or_none().get("uptime_s", 99) < 3, "a daemon that has just begun")
    machine.wait_for(lambda: machine.run("systemctl", "is-active", "visaged") == "active", "the service")
    assert machine.show("MainPID") == pid
    assert machine.show("NRestarts") == "0"
    assert machine.show("ActiveEnterTimestampMonotonic") == since
    assert machine.health()["service"]["last_end"] is None


def test_a_stopped_process_is_killed_by_the_watchdog_and_the_reason_is_kept(machine: Machine) -> None:
    received = machine.face()["packets"]
    os.kill(machine.pid(), signal.SIGSTOP)
    machine.wait_for(lambda: machine.show("NRestarts") == "1", "systemd to start it again")
    machine.wait_for(lambda: machine.run("systemctl", "is-active", "visaged") == "active", "the service")
    machine.wait_for(lambda: machine.face()["packets"] > received + 120, "packets again")
    # systemd can fail to run ExecStopPost= where control groups are of version 1; then we only know that much.
    # systemd sends ABRT, upon which Python's faulthandler reads the frames of threads that still run, and now and then
    # ends in SEGV itself. What counts is who ended it, and why.
    last_end = machine.health()["service"]["last_end"]
    assert last_end == "it was killed" or last_end.startswith("the watchdog was not fed: ")


def test_a_second_face_has_its_own_of_everything(machine: Machine) -> None:
    (machine.folder / "etc" / "instances" / "two.toml").write_text('[audio.input]\nbackend = "none"\n')
    machine.run("systemctl", "start", "visaged@two")
    machine.wait_for(lambda: machine.run("systemctl", "is-active", "visaged@two") == "active", "the second face")
    machine.wait_for(lambda: {"visaged", "two"} <= {face["subject"] for face in machine.received()}, "both faces")
    assert len({face["device_id"] for face in machine.received() if face["subject"] in ("visaged", "two")}) == 2
    assert machine.run("stat", "--format=%a %U %G", "/run/visaged-two/control.sock") == "660 visaged visaged"
    assert '"version"' in machine.run("/opt/visaged/bin/visaged", "--instance", "two", "send", "ping")
    set_by_command = '{"settings": {"face": {"intensity": 0.5}}}'
    machine.run("/opt/visaged/bin/visaged", "send", "--instance=two", "config.set", set_by_command)
    assert "intensity = 0.5" in (machine.folder / "etc" / "instances" / "two.toml").read_text()
    assert "intensity = 0.5" not in (machine.folder / "etc" / "visaged.toml").read_text()
    assert [problem["code"] for problem in machine.health()["problems"] if "clash" in problem["code"]] == []
    machine.run("systemctl", "stop", "visaged@two")
    assert machine.run("systemctl", "show", "--property=Result", "--value", "visaged@two") == "success"
    assert not (machine.folder / "var" / "instances" / "two" / "running").exists()


def test_a_stop_is_clean(machine: Machine) -> None:
    machine.run("systemctl", "stop", "visaged")
    machine.wait_for(lambda: machine.run("systemctl", "is-active", "visaged") == "inactive", "the service to stop")
    assert not (machine.folder / "var" / "running").exists(), "a clean end leaves nothing to explain"
    assert machine.show("Result") == "success"
