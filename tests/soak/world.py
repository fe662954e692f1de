"""What a box lives among, for a soak: sound cards, a broker, a small disk, a wall clock; and the daemon itself."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import soundfile

from tests.control.broker import Broker
from tests.devices.card import SoundCards, build
from tests.soak.arrivals import Arrivals
from tests.soak.usage import children
from visaged import samples
from visaged.clock import NS_PER_S

_DISK_MIB = 64
_CONFIG = """[device]
id = "soak"
[audio.input]
backend = "alsa"
device = "mic"
[audio.output]
backend = "alsa"
device = "speaker"
[livelink]
targets = ["127.0.0.1:{packets}"]
[capsules]
library = "{disk}/capsules"
[mqtt]
enabled = true
host = "127.0.0.1"
port = {broker}
"""


class World:
    """A context: the daemon runs in it with all that it has switched on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disk = folder / "disk"
        self.disk.mkdir()
        self.log_path = folder / "log"
        self.broker = Broker(folder)
        self._clock = folder / "clock"
        self.arrivals = Arrivals()

    def __enter__(self) -> World:
        self._mounted = _mount(self.disk)
        self.step_clock(0)
        cards = SoundCards(self.folder, build(self.folder))
        sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
        self.mic = cards.add("mic", sound, rate_hz=rate_hz, loop=True)
        self.speaker = cards.add("speaker", channels=2)
        self.broker.start()
        self.config = self.disk / "visaged.toml"
        self.config.write_text(
            _CONFIG.format(packets=self.arrivals.port, broker=self.broker.port, disk=self.disk), encoding="utf-8"
        )
        self.arrivals.start()
        environment = os.environ | {
            "RUNTIME_DIRECTORY": str(self.folder),
            "STATE_DIRECTORY": str(self.disk),
            "LD_PRELOAD": str(build_clock(self.folder)),
            "STEPPED_CLOCK": str(self._clock),
        }
        self.daemon = subprocess.Popen(
            (sys.executable, "-m", "visaged", "run", "--plain", f"--config={self.config}"),
            stdin=subprocess.DEVNULL,
            stderr=self.log_path.open("w"),
            env=environment,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.daemon.send_signal(signal.SIGTERM)
        self.exit_code = self.daemon.wait(30)
        self.arrivals.close()
        self.broker.stop()
        if self._mounted:
            subprocess.run(("umount", str(self.disk)), check=True)

    @property
    def log(self) -> str:
        """What the daemon has said."""
        return self.log_path.read_text(errors="replace")

    @property
    def can_fill_disk(self) -> bool:
        """Whether the disk is one of its own."""
        return self._mounted

    def step_clock(self, seconds: float) -> None:
        """Set the daemon's wall clock so many seconds off the true time."""
        set_clock(self._clock, seconds)

    def sender_pid(self) -> int | None:
        """The process that sends the packets; None while there is none."""
        return next(iter(children(self.daemon.pid)), None)


def _mount(folder: Path) -> bool:
    """A small file system that can be filled without harm; not without root."""
    command = ("mount", "-t", "tmpfs", "-o", f"size={_DISK_MIB}m", "tmpfs", str(folder))
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def set_clock(path: Path, seconds: float) -> None:
    """Write the offset that stepped_clock.c reads; in place, for it is mapped."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.write(struct.pack("=q", int(seconds * NS_PER_S)))


def build_clock(folder: Path) -> Path:
    """The library to preload."""
    library = folder / "stepped_clock.so"
    source = Path(__file__).with_name("stepped_clock.c")
    subprocess.run(
        ("gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"),
        check=True,
    )
    return library
