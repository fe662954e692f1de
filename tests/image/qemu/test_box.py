"""One box from its first start on: identity, what it protects, sound that comes and goes, too much memory, a hang."""

from __future__ import annotations

import time

import pytest

from image.disk import DATA
from tests.image.qemu.conftest import ROOM_MIB, note
from tests.image.qemu.machine import BOOT_S, GuestFailed, Machine

pytestmark = pytest.mark.slow

_HEALTH = """/opt/visaged/bin/python -c '
from visaged.control.local.client import ControlClient
with ControlClient() as client: print(client.call("health.get", timeout_s=60.0)%s)'"""


def _until(machine: Machine, command: str, wanted: str, timeout_s: float = 300.0) -> float:
    """Run ``command`` until ``wanted`` is in what it prints; returns the seconds it took."""
    start = time.monotonic()
    while wanted not in (printed := machine.run(command, check=False)):
        if time.monotonic() - start > timeout_s:
            raise GuestFailed(f"{command}: {wanted!r} is not in {printed}")
        time.sleep(2)
    return time.monotonic() - start


def test_the_first_start_shows_a_face(machine: Machine) -> None:
    note("power on to first packet, first start, s", round(machine.first_packet_s(), 1))
    assert machine.packets(20) > 100


def test_the_slot_is_good_because_the_face_moves(machine: Machine) -> None:
    _until(machine, "cat /grub/grubenv", "A_TRY=0", BOOT_S)
    assert "has moved" in machine.run("journalctl -b -u visaged-prove --no-pager")
    assert machine.run("cat /data/proven") == machine.run("cat /usr/lib/visaged-image/version")


def test_settings_were_taken_from_the_efi_partition(machine: Machine) -> None:
    assert "10.0.2.2" in machine.run("cat /etc/visaged/visaged.toml")
    assert machine.run("mount -o ro /efi; ls /efi; umount /efi").split() == ["EFI", "README.TXT", "visaged.toml.taken"]


def test_the_box_has_an_identity_of_its_own(machine: Machine) -> None:
    identity = machine.run("cat /data/etc/machine-id")
    assert len(identity) == 32 and int(identity, 16)
    assert machine.run("cat /etc/machine-id") == identity


def test_nothing_can_be_changed_but_what_is_kept(machine: Machine) -> None:
    assert "Read-only" in machine.run("touch /usr/lib/x /opt/visaged/x /x", check=False)
    machine.run("touch /var/lib/visaged/x && rm /var/lib/visaged/x && touch /etc/x && rm /etc/x")


def test_nobody_gets_in_from_outside(machine: Machine) -> None:
    assert machine.run("systemctl is-enabled ssh; systemctl is-active ssh", check=False).split() == [
        "disabled",
        "inactive",
    ]
    assert machine.run("passwd --status root").split()[1] == "L"
    listening = machine.run("ss -Hltun | grep -v -e 127.0.0 -e ::1 -e %lo || :")
    assert ":22 " not in listening
    assert not machine.run("ls /etc/ssh/ssh_host_* 2>/dev/null", check=False)


def test_time_journal_and_watchdog_are_set(machine: Machine) -> None:
    assert machine.run("systemctl is-active systemd-timesyncd") == "active"
    assert "RuntimeWatchdogUSec=30s" in machine.run("systemctl show -p RuntimeWatchdogUSec")
    assert machine.run("cat /sys/class/watchdog/watchdog0/state") == "active"
    assert "max 64.0M" in machine.run("journalctl -b -u systemd-journald --no-pager | grep System.Journal", check=False)


def test_the_sender_is_realtime_without_being_root(machine: Machine) -> None:
    sender = machine.run("pgrep -f visaged.outputs.sender")
    # Fields 40 and 41 of /proc/PID/stat: priority and policy (1: SCHED_FIFO); the name before them has no space.
    assert machine.run(f"cut -d ' ' -f 40,41 /proc/{sender}/stat") == "10 1"
    assert machine.run(f"stat -c %U /proc/{sender}") == "visaged"


def test_the_data_partition_is_grown_once(machine: Machine) -> None:
    _until(machine, "ls -a /data", ".grown", BOOT_S)
    blocks = int(machine.run("blockdev --getsize64 /dev/disk/by-partlabel/visaged-data"))
    assert blocks >= (DATA.mib + ROOM_MIB - 2) << 20
    assert int(machine.run("df --output=size -B1 /data | tail -n 1")) > DATA.mib << 20


def test_a_loopback_card_is_the_microphone(machine: Machine) -> None:
    assert "audio_input_lost" in machine.run(_HEALTH % '["problems"]')
    machine.run("modprobe snd-aloop")
    note("sound card appears until it is heard, s", round(_until(machine, _HEALTH % '["audio"]', "Loopback"), 1))
    machine.run(
        "/opt/visaged/bin/python -c 'import soundfile, glob; "
        'data, rate = soundfile.read(glob.glob("/opt/visaged/lib/*/site-packages/visaged/samples/speech.ogg")[0]); '
        'soundfile.write("/tmp/speech.wav", data, rate)\''
    )
    machine.run("systemd-run -q --unit=guest sh -c 'while :; do aplay -q -D plughw:Loopback,0 /tmp/speech.wav; done'")
    start = time.monotonic()
    # Speech has pauses, and a slow guest takes a while to answer.
    while (level := float(machine.run(_HEALTH % '["audio"]["level_dbfs"]').splitlines()[-1])) < -50:
        assert time.monotonic() - start < BOOT_S, f"{level} dBFS"
    machine.run("systemctl stop guest")
    note("level of speech through snd-aloop, dBFS", round(level, 1))


def test_the_microphone_is_taken_away_and_put_back(machine: Machine) -> None:
    # The kernel disconnects the card under the daemon, as it does when a plug is pulled.
    driver = "/sys/bus/platform/drivers/snd_aloop"
    machine.run(f"echo snd_aloop.0 >{driver}/unbind")
    took_s = _until(machine, _HEALTH % '["problems"]', "audio_input_lost")
    note("microphone away until it is missed, s", round(took_s, 1))
    assert machine.packets(10) > 50, "the face stands still without a microphone"
    machine.run(f"echo snd_aloop.0 >{driver}/bind")
    took_s = _until(machine, _HEALTH % '["audio"]', "Loopback")
    note("microphone back until it is heard, s", round(took_s, 1))
    assert "audio_input_lost" not in machine.run(_HEALTH % '["problems"]')


def test_a_usb_card_is_pulled_and_put_back(machine: Machine) -> None:
    # The card that QEMU makes only plays.
    machine.qmp("device_add", driver="usb-audio", id="card", audiodev="nothing")
    _until(machine, "cat /proc/asound/cards", "USB")
    name = machine.run(r"sed -n 's/^ *[0-9]* \[\([^ ]*\) *\]: USB.*/\1/p' /proc/asound/cards")
    # Where the sound goes is for whoever may edit the file: no command changes it.
    output = f'{{"backend": "alsa", "device": "plughw:{name}"}}'
    machine.run(
        "/opt/visaged/bin/python -c '\nfrom pathlib import Path\nfrom visaged.control.toml_edit import edit\n"
        'path = Path("/etc/visaged/visaged.toml")\ntext = path.read_text() if path.exists() else ""\n'
        f'path.write_text(edit(text, {{"audio": {{"output": {output}}}}}))\''
        " && systemctl reload visaged"
    )
    journal = "journalctl -b -u visaged --no-pager"
    opened = f"{journal} | grep -c 'audio output: .*{name}' || :"
    _until(machine, opened, "1")
    machine.qmp("device_del", id="card")
    took_s = _until(machine, _HEALTH % '["problems"]', "audio_output_lost")
    note("USB card pulled until it is missed, s", round(took_s, 1))
    assert machine.packets(10) > 50, "the face stands still without a speaker"
    machine.qmp("device_add", driver="usb-audio", id="card2", audiodev="nothing")
    took_s = _until(machine, opened, "2")
    note("USB card put back until it plays, s", round(took_s, 1))
    assert "audio_output_lost" not in machine.run(_HEALTH % '["problems"]')


def test_too_much_memory_ends_the_service_and_not_the_box(machine: Machine) -> None:
    before = machine.run("systemctl show visaged -p MainPID --value")
    machine.run(
        "sh -c 'echo $$ >/sys/fs/cgroup/system.slice/visaged.service/cgroup.procs; "
        'echo 1000 >/proc/self/oom_score_adj; exec /opt/visaged/bin/python -c "x = bytearray(1 << 30)"\'',
        check=False,
    )
    machine.restarted()
    killed = machine.run(
        "cat /sys/fs/cgroup/system.slice/visaged.service/memory.events; journalctl -b -k | grep -i oom | tail -n 3"
    )
    assert "oom" in killed
    note("out of memory to the next packet, s", round(machine.first_packet_s(), 1))
    assert machine.run("systemctl is-active visaged", check=False) in ("active", "activating")
    note(
        "out of memory: the daemon",
        "kept" if machine.run("systemctl show visaged -p MainPID --value") == before else "restarted",
    )


def test_a_box_that_hangs_is_started_again_by_the_hardware(machine: Machine) -> None:
    machine.run("sync; sysctl -q kernel.panic=0; (sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &")
    hung = time.monotonic()
    machine.restarted()
    while not machine.happened("WATCHDOG"):
        assert time.monotonic() - hung < BOOT_S
        time.sleep(1)
    note("hang to hardware reset, s (30 s is set)", round(time.monotonic() - hung, 1))
    machine.restarted()
    note("hardware reset to first packet, s", round(machine.first_packet_s(), 1))


def test_it_switches_off_cleanly(machine: Machine) -> None:
    start = time.monotonic()
    machine.power_off()
    note("power button to off, s", round(time.monotonic() - start, 1))
