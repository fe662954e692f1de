"""A real mosquitto for tests: its own process on a free loopback port, with passwords, ACL and TLS as asked for."""

from __future__ import annotations

import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S, wait_until


def find_mosquitto() -> str:
    """The program; the test fails with a remedy when it is missing."""
    path = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.fail("mosquitto is not installed; run: apt install mosquitto mosquitto-clients (make test does)")
    return path


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Broker:
    """A mosquitto that can be started, killed and started again on the same port."""

    folder: Path
    lines: list[str] = field(default_factory=list)
    """Further lines of mosquitto.conf."""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it accepts connections."""
        config = self.folder / "mosquitto.conf"
        fixed = [f"listener {self.port} 127.0.0.1", "persistence false", "log_dest stderr", "log_type error"]
        if not any(line.startswith("allow_anonymous") for line in self.lines):
            fixed.append("allow_anonymous true")
        # mosquitto run by root becomes the user "mosquitto", who may not read the test's folder.
        config.write_text("\n".join([*fixed, *self.lines, "user root", ""]))
        self.process = subprocess.Popen(
            [find_mosquitto(), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=(self.folder / "log").open("ab")
        )
        wait_until(self._listens, "mosquitto to listen", look_s=0.01)

    def _listens(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            pytest.fail(f"mosquitto ended: {(self.folder / 'log').read_text()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it; what it held (sessions, retained messages) is lost."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)
            self.process = None


def set_password(folder: Path, user: str, password: str) -> Path:
    """Add a user to the broker's password file; returns the file."""
    path = folder / "passwords"
    path.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(path), user, password], check=True, capture_output=True)
    return path


def make_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A throw-away authority and a certificate for 127.0.0.1 and localhost: (ca, certificate, key)."""
    ca, ca_key, certificate, key = (folder / name for name in ("ca.pem", "ca.key", "broker.pem", "broker.key"))
    request, names = folder / "broker.csr", folder / "names.cnf"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for command in (
        ["req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", "2", "-subj", "/CN=test authority"],
        ["req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=localhost"],
        [
            *("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2"),
            *("-extfile", names, "-out", certificate),
        ],
    ):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)
    return ca, certificate, key
