"""What a box lives among, for a soak: sound cards, a broker, a brain to talk with, a small disk, a wall clock.

And the daemon itself, in mode converse: a guest speaks and pauses, the brain says back what it heard, the face says it.
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from tests.codec.true_size import true_size
from tests.control.broker import Broker
from tests.devices.card import SoundCards, build
from tests.soak.arrivals import Arrivals
from tests.soak.usage import children
from visaged import samples
from visaged.clock import NS_PER_S

_DISK_MIB = 64
_DEVICE = "soak"
# As a wireless network on a busy evening.
_NETWORK = ("--loss=2", "--jitter-ms=20", "--reorder=1", "--duplicate=1")
_CONFIG = """[device]
id = "{device}"
mode = "converse"
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
[codec]
enabled = true
link = "mqtt"
noise_suppression = true
[inference]
precision = "int8"
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
        models = true_size()  # before anything runs that would be left behind without it
        self._mounted = _mount(self.disk)
        self.step_clock(0)
        cards = SoundCards(self.folder, build(self.folder))
        sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
        # A guest who speaks, and then is silent for as long: the brain's answer is about as long as what it heard.
        turn = np.concatenate([sound, np.zeros_like(sound)])
        self.mic = cards.add("mic", turn, rate_hz=rate_hz, loop=True)
        self.speaker = cards.add("speaker", channels=2)
        self.broker.start()
        self.config = self.disk / "visaged.toml"
        where = {"packets": self.arrivals.port, "broker": self.broker.port, "disk": self.disk}
        self.config.write_text(_CONFIG.format(device=_DEVICE, **where), encoding="utf-8")
        self.start_brain()
        self.arrivals.start()
        environment = os.environ | {
            "RUNTIME_DIRECTORY": str(self.folder),
            "STATE_DIRECTORY": str(self.disk),
            "LD_PRELOAD": str(build_clock(self.folder)),
            "STEPPED_CLOCK": str(self._clock),
        }
        self.daemon = subprocess.Popen(
            (sys.executable, "-m", "visaged", "run", "--plain", f"--config={self.config}", f"--models={models}"),
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
        self.stop_brain()
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

    def start_brain(self) -> None:
        """Somebody at the other end of the link, who says back what the guest has said."""
        broker = f"--broker=127.0.0.1:{self.broker.port}"
        self._brain = subprocess.Popen(
            (sys.executable, "-m", "visaged", "codec", "peer", f"--device={_DEVICE}", broker, *_NETWORK),
            stdout=subprocess.DEVNULL,
        )

    def stop_brain(self) -> None:
        """Cut off in the middle of a word."""
        self._brain.kill()
        self._brain.wait()

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
