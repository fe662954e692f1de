"""A booted box: the installed tree in a systemd-nspawn container, with a sound card and a Live Link receiver in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import soundfile

from tests.devices.card import SoundCard, SoundCards
from visaged import samples

# A loaded machine may take many times what this takes; a test that waits this long has failed.
_PATIENCE_S = 60.0

_LISTENER = """[Unit]
Before=visaged.service
[Service]
ExecStart=/opt/visaged/bin/visaged monitor --json
StandardOutput=append:/test/monitor.json
Restart=always
"""
_LISTEN = """[Unit]
Wants=listener.service
"""
_DROP_IN = """[Service]
Environment=ALSA_CONFIG_PATH=/test/asound.conf
"""
_CONFIG = """[audio.input]
backend = "alsa"
device = "mic"
"""


class Machine:
    """A context: boots, and is powered off. ``folder`` is /test inside; what is written elsewhere vanishes.

    /etc/visaged and /var/lib/visaged are its data partition: they lie in ``folder`` and stay.
    """

    def __init__(
        self,
        tree: Path,
        folder: Path,
        paced: Path,
        *,
        drop_in: str = "",
        config: str = _CONFIG,
        listener: bool = True,
        at_boot: Callable[[int], None] = lambda leader: None,
    ) -> None:
        """``paced``: the ALSA plug-in of the test sound card; ``drop_in``: further lines for the service.

        ``listener``: whether a receiver runs inside (else ``received`` stays empty).

        ``at_boot(leader)`` is called as soon as there is a process 1: nothing has started yet then.
        """
        self._at_boot = at_boot
        self._tree = tree
        self.folder = folder
        # Temporary folders are their owner's alone; the service is another user.
        folder.chmod(0o755)
        for name in ("etc", "var", "drop-in"):
            (folder / name).mkdir(exist_ok=True)
        (folder / "listener.service").write_text(_LISTENER)
        (folder / "drop-in" / "test.conf").write_text((_LISTEN if listener else "") + _DROP_IN + drop_in)
        if not (folder / "etc" / "visaged.toml").exists():
            (folder / "etc" / "visaged.toml").write_text(config)
        self.card = self._plug_in(paced)
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0
        """Process 1 of the box, as this machine knows it."""
        self.booted_ns = 0
        """When it was switched on, CLOCK_REALTIME ns."""

    def __enter__(self) -> Machine:
        (self.folder / "monitor.json").write_text("")
        binds = {
            self.folder: "/test",
            self.folder / "etc": "/etc/visaged",
            self.folder / "var": "/var/lib/visaged",
            self.folder / "drop-in": "/etc/systemd/system/visaged.service.d",
            self.folder / "listener.service": "/etc/systemd/system/listener.service",
        }
        self._leader = 0
        self.booted_ns = time.time_ns()
        self._process = subprocess.Popen(
            (
                *("systemd-nspawn", "--quiet", "--boot", f"--directory={self._tree}", "--volatile=overlay"),
                *("--register=no", "--keep-unit", "--private-network", "--console=pipe", "--link-journal=no"),
                *("--kill-signal=SIGRTMIN+3", *(f"--bind={here}:{there}" for here, there in binds.items())),
            ),
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "console").open("ab"),
            stderr=subprocess.STDOUT,
        )
        self.wait_for(self._find_leader, "the container")
        self._at_boot(self._leader)
        self.wait_for(lambda: self.run("systemctl", "is-active", "visaged") == "active", "the service")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self._process is not None:
            print(self.journal_text())
        self.power_off()

    def power_off(self) -> int:
        """As with its button; returns how the container ended."""
        process, self._process = self._process, None
        if process is None:
            return 0
        self.run("systemctl", "poweroff", "--no-block")
        try:
            return process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("the box does not power off\n" + (self.folder / "console").read_text()) from None

    def kill(self) -> None:
        """As when the plug is pulled."""
        process, self._process = self._process, None
        assert process is not None
        os.kill(self._leader, signal.SIGKILL)
        process.wait(_PATIENCE_S)

    def run(self, *command: str) -> str:
        """The output of a command inside, whatever it returns."""
        enter = ("nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", "--")
        done = subprocess.run((*enter, *command), capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
        return (done.stdout + done.stderr).strip()

    def show(self, name: str, unit: str = "visaged") -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--property", name, "--value", unit)

    def pid(self) -> int:
        """The daemon's process, as this machine knows it."""
        inside = self.show("MainPID")
        for process in Path("/proc").glob("[0-9]*"):
            if _numbers(process)[1:] == [inside] and self._is_inside(int(process.name)):
                return int(process.name)
        raise AssertionError(f"no process {inside}")

    def _find_leader(self) -> bool:
        """systemd-nspawn's child that is process 1 inside; it has others on the way there."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for child in children.read_text().split():
            if _numbers(Path(f"/proc/{child}"))[-1:] == ["1"]:
                self._leader = int(child)
        return self._leader != 0

    def _is_inside(self, pid: int) -> bool:
        """Whether a process of this machine lives in this box, for other containers may run."""
        namespace = Path("ns/pid")
        return (Path(f"/proc/{pid}") / namespace).readlink() == (Path(f"/proc/{self._leader}") / namespace).readlink()

    def journal(self, *arguments: str) -> list[dict[str, Any]]:
        """Entries of this boot."""
        text = self.run("journalctl", "--boot", "--output=json", "--no-pager", *arguments)
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def journal_text(self) -> str:
        """All of this boot, for a person."""
        return self.run("journalctl", "--boot", "--no-pager", "--output=short-monotonic")

    def received(self) -> list[dict[str, Any]]:
        """What the receiver inside reports once a second of the face that sends."""
        lines = (self.folder / "monitor.json").read_text().splitlines()
        faces = [face for line in lines if line.endswith("}") for face in json.loads(line)["faces"]]
        return [face for face in faces if face["silent_s"] < 0.5]

    def face(self) -> dict[str, Any]:
        """The newest of these reports, of a face that sends; waits for it."""
        self.wait_for(lambda: bool(self.received()), "a face at the receiver")
        return self.received()[-1]

    def health(self) -> dict[str, Any]:
        """The answer to health.get at the control socket."""
        return self.ask("health.get")

    def health_or_none(self) -> dict[str, Any]:
        """The same; empty while nobody answers."""
        try:
            return self.health()
        except AssertionError:
            return {}

    def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        """The data that a command through the control socket is answered with."""
        words = self.run("/opt/visaged/bin/python", "-c", _ASK, command, json.dumps(fields))
        assert words.startswith("{"), words
        data: dict[str, Any] = json.loads(words)
        return data

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Until ``condition`` holds; fails with ``what``."""
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            assert self._process is None or self._process.poll() is None, (self.folder / "console").read_text()
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            # Looking costs two processes: no oftener than needed, on a machine that boots.
            time.sleep(0.2)

    def _plug_in(self, paced: Path) -> SoundCard:
        """A microphone that hears the bundled speech over and over."""
        library = self.folder / paced.name
        shutil.copy(paced, library)
        cards = SoundCards(self.folder, library)
        sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
        card = cards.add("mic", sound, rate_hz=rate_hz, loop=True)
        written = cards.configuration.read_text()
        (self.folder / "asound.conf").write_text(written.replace(str(self.folder), "/test"))
        return card


def _numbers(process: Path) -> list[str]:
    """A process's number in each of its nested PID namespaces, ours first; empty when it has ended."""
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return []
    return next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])


_ASK = """
import json, sys
from visaged.control.local.client import ControlClient
with ControlClient() as client:
    print(json.dumps(client.call(sys.argv[1], **json.loads(sys.argv[2]))))
"""
