"""A whole PC in QEMU: its power button, its watchdog, a root shell in it, and the packets that leave it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

# Under emulation a start takes a minute on an idle machine, and several on a busy one.
BOOT_S: Final = float(os.environ.get("IMAGE_BOOT_S", "600"))
ACCELERATOR: Final = os.environ.get("IMAGE_ACCEL", "tcg")


class GuestFailed(Exception):
    """A command in the guest failed or did not end; the message has its output."""


class Machine:
    """One start of a disk. The tests' shell is not part of the image: ``seed.py`` puts it on the data partition."""

    def __init__(self, disk: Path, folder: Path, receiver: socket.socket, extra: tuple[str, ...] = ()) -> None:
        """Power on. ``folder`` takes sockets and the serial log; ``receiver``: a UDP socket on the host's loopback."""
        self._folder = folder
        self._receiver = receiver
        self._log = folder / "serial.log"
        for name in ("shell", "qmp"):
            (folder / name).unlink(missing_ok=True)
        # Two cores: emulated, the face takes one of them, and what a test does in the guest would wait for it.
        command = ["qemu-system-x86_64", "-accel", ACCELERATOR, "-cpu", "max", "-smp", "2", "-m", "1024"]
        command += ["-display", "none", "-monitor", "none", "-nodefaults", "-rtc", "base=utc"]
        command += ["-drive", f"file={disk},format=raw,if=virtio,cache=writeback"]
        command += ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="]
        command += ["-serial", f"file:{self._log}", "-device", "i6300esb", "-action", "watchdog=reset"]
        command += ["-device", "virtio-serial", "-device", "virtserialport,chardev=shell,name=shell"]
        command += ["-chardev", f"socket,id=shell,path={folder / 'shell'},server=on,wait=off"]
        command += ["-qmp", f"unix:{folder / 'qmp'},server=on,wait=off", "-device", "qemu-xhci"]
        # A card that is plugged in later plays into nothing and hears silence.
        command += ["-audiodev", "none,id=nothing", *extra]
        self.started_s = time.monotonic()
        self._drain()
        self._process = subprocess.Popen(command)
        self._qmp = _connect(folder / "qmp", self._process)
        self._qmp_reader = self._qmp.makefile("rb")
        self._qmp_reader.readline()
        self.events: list[dict[str, Any]] = []
        self.qmp("qmp_capabilities")
        self._shell = _connect(folder / "shell", self._process)

    def qmp(self, execute: str, **arguments: Any) -> Any:
        """One command to QEMU itself. Raises GuestFailed."""
        self._qmp.settimeout(60)
        self._qmp.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self._qmp_reader.readline())
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise GuestFailed(f"{execute}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def happened(self, event: str) -> bool:
        """Whether QEMU has told of ``event`` (RESET, WATCHDOG …) by now."""
        self.qmp("query-status")
        return any(told["event"] == event for told in self.events)

    def run(self, command: str, timeout_s: float = BOOT_S, check: bool = True) -> str:
        """Run shell ``command`` as root and return what it printed. Raises GuestFailed.

        The marks are written in halves, so that a shell that echoes or a line that was lost is not taken for an answer.
        """
        mark = secrets.token_hex(8)
        say = f"printf '%s%s %d\\n' {mark[:8]} {mark[8:]}"
        line = f"\n{say} 0; ({command}\n) </dev/null 2>&1; {say} $?\n".encode()
        end = time.monotonic() + timeout_s
        self._wait_for_shell(end)
        output = b""
        self._shell.sendall(line)
        while output.count(f"{mark} ".encode()) < 2 or not output.endswith(b"\n"):
            if time.monotonic() > end or self._process.poll() is not None:
                raise GuestFailed(
                    f"no answer to: {command}\n{output.decode(errors='replace')}\n{self.serial()[-2000:]}"
                )
            with contextlib.suppress(TimeoutError):
                output += self._shell.recv(1 << 16)
        _, text, status = output.decode(errors="replace").split(f"{mark} ")
        text = text.partition("\n")[2]
        if check and int(status):
            raise GuestFailed(f"exit {int(status)}: {command}\n{text}")
        return text.strip()

    def _wait_for_shell(self, end: float) -> None:
        """Ask until something answers: what is written before the guest has opened the port is lost."""
        self._shell.settimeout(1)
        # One word for all tries: a guest that takes longer than the pause answers the first of them in the end.
        word = secrets.token_hex(4).encode()
        answer = b""
        while word not in answer:
            if time.monotonic() > end or self._process.poll() is not None:
                raise GuestFailed(f"no shell answers\n{self.serial()[-2000:]}")
            # In two parts, so that an echo is not taken for an answer.
            self._shell.sendall(b"\nprintf '%s%s\\n' " + word[:4] + b" " + word[4:] + b"\n")
            pause = time.monotonic() + 3
            while time.monotonic() < pause and word not in answer:
                with contextlib.suppress(TimeoutError):
                    answer += self._shell.recv(1 << 16)

    def first_packet_s(self, timeout_s: float = BOOT_S) -> float:
        """Wait for a packet; returns the time since power-on (or since ``restarted``)."""
        end = time.monotonic() + timeout_s
        self._receiver.settimeout(1)
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(TimeoutError):
                self._receiver.recv(2048)
                return time.monotonic() - self.started_s
        raise GuestFailed(f"no packet within {timeout_s:g} s\n{self.serial()[-2000:]}")

    def packets(self, seconds: float) -> int:
        """How many packets come in ``seconds``."""
        self._drain()
        end = time.monotonic() + seconds
        count = 0
        while (left := end - time.monotonic()) > 0:
            self._receiver.settimeout(left)
            with contextlib.suppress(TimeoutError):
                count += len(self._receiver.recv(2048)) > 0
        return count

    def restarted(self) -> None:
        """The guest is about to start again by itself: times count from here, packets of before are thrown away."""
        self._drain()
        self.started_s = time.monotonic()

    def serial(self) -> str:
        """What came out of the serial port: GRUB, the kernel, systemd."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def pull_the_plug(self) -> None:
        """Power cut: what was not written to the disk is gone."""
        if self._process.returncode is None:
            self._process.kill()
            self._close()

    def power_off(self, timeout_s: float = BOOT_S) -> None:
        """Press the button and wait. Raises GuestFailed when the guest does not go."""
        self.qmp("system_powerdown")
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise GuestFailed(f"it did not power off\n{self.serial()[-2000:]}") from None
        finally:
            self._close()

    def _close(self) -> None:
        self._process.wait()
        self._qmp_reader.close()
        self._qmp.close()
        self._shell.close()

    def _drain(self) -> None:
        self._receiver.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._receiver.recv(2048)


def _connect(path: Path, process: subprocess.Popen[bytes]) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    while process.poll() is None:
        with contextlib.suppress(OSError):
            connection.connect(str(path))
            return connection
        time.sleep(0.05)
    connection.close()
    raise GuestFailed(f"QEMU ended with {process.returncode}")


@contextlib.contextmanager
def powered(disk: Path, folder: Path, receiver: socket.socket, *extra: str) -> Iterator[Machine]:
    """A machine that is certainly off afterwards."""
    machine = Machine(disk, folder, receiver, extra)
    try:
        yield machine
    finally:
        machine.pull_the_plug()
