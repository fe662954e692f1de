"""What a box lives among, for a soak: sound cards, a broker, a name server, small disks, a wall clock, a brain.

And the daemon itself. In mode converse a guest speaks and pauses, the brain says back what it heard, the face says it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

from tests.control.broker import Broker
from tests.devices.card import SoundCards, build
from tests.patience import PATIENCE_S, wait_until
from tests.soak.arrivals import Arrivals
from tests.soak.brain import Brain
from tests.soak.name_server import NAME, NameServer
from tests.soak.small_disk import SmallDisk
from tests.soak.usage import children
from tests.soak.wall_clock import build_clock, set_clock
from visaged import samples

DEVICE = "soak"
"""``device.id``."""
_CONFIG = """[device]
id = "{device}"
mode = "{mode}"
[audio.input]
backend = "alsa"
device = "mic"
[audio.output]
backend = "alsa"
device = "speaker"
[capsules]
library = "{state}/capsules"
[mqtt]
enabled = true
host = "127.0.0.1"
port = {broker}
keepalive_s = 5
[web]
enabled = false
[inference]
precision = "int8"
"""
_CONVERSATION = """[codec]
enabled = true
link = "mqtt"
noise_suppression = true
"""


class World(contextlib.ExitStack):
    """A context: the daemon runs in it with all that it has switched on."""

    def __init__(self, folder: Path, *, converse: bool) -> None:
        """``converse``: talk with a brain by the codec at its true size, which takes torch to make; else mirror."""
        super().__init__()
        self.folder = folder
        self.converse = converse
        self.state = SmallDisk(folder / "state")
        self.settings = SmallDisk(folder / "settings")
        self.config = self.settings.folder / "visaged.toml"
        self.socket = folder / "control.sock"
        self.log_path = folder / "daemon.log"
        self.broker = Broker(folder)
        self.brain = Brain(DEVICE, self.broker.port)
        self.names = NameServer(folder)
        self.arrivals = Arrivals()
        """At the first target: what is counted."""
        self.second = _listen(0)
        """The second target, which has a name where there is a name server of ours."""
        self.second_port: int = self.second.getsockname()[1]
        self.exit_code: int | None = None
        self._clock = folder / "clock"

    def __enter__(self) -> World:
        with contextlib.ExitStack() as undo:
            self._enter()
            undo.push(self)
            undo.pop_all()
        return self

    def _enter(self) -> None:
        models = _models() if self.converse else None  # before anything runs that would be left behind without it
        for disk in (self.state, self.settings):
            disk.mount()
            self.callback(disk.unmount)
        self.step_clock(0)
        self._plug_in()
        self.broker.start()
        self.callback(self.broker.stop)
        self.named = self.names.start()
        self.callback(self.names.close)
        mode = "converse" if self.converse else "mirror"
        text = _CONFIG.format(device=DEVICE, mode=mode, broker=self.broker.port, state=self.state.folder)
        self.config.write_text(text + (_CONVERSATION if self.converse else ""))
        if self.converse:
            self.brain.start()
            self.callback(self.brain.stop)
        self.arrivals.start()
        self.callback(self.arrivals.close)
        self.callback(self.close_second)
        targets = (f"127.0.0.1:{self.arrivals.port}", f"{NAME if self.named else '127.0.0.1'}:{self.second_port}")
        self._command = (
            *(self.names.wrapper() if self.named else ()),
            *(sys.executable, "-m", "visaged", "run", "--plain", f"--config={self.config}"),
            *(f"--target={target}" for target in targets),
            *(() if models is None else (f"--models={models}",)),
        )
        self._environment = os.environ | {
            "RUNTIME_DIRECTORY": str(self.folder),
            "STATE_DIRECTORY": str(self.state.folder),
            "ALSA_CONFIG_PATH": str(self._cards.configuration),
            "LD_PRELOAD": str(build_clock(self.folder)),
            "STEPPED_CLOCK": str(self._clock),
        }
        self.start_daemon()
        self.callback(self.stop_daemon)

    @property
    def log(self) -> str:
        """What the daemon has said."""
        return self.log_path.read_text(errors="replace")

    def start_daemon(self) -> None:
        """It runs, and the first packet has come."""
        count = len(self.arrivals.times)
        with self.log_path.open("a") as log:
            self.daemon = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stderr=log, env=self._environment)
        wait_until(lambda: len(self.arrivals.times) > count, lambda: f"a packet\n{self.log}", look_s=0.02)

    def stop_daemon(self) -> None:
        """As a service manager stops it."""
        self.daemon.send_signal(signal.SIGTERM)
        self.exit_code = self.daemon.wait(PATIENCE_S)

    def restart_daemon(self) -> None:
        """Stop, and start anew."""
        self.stop_daemon()
        self.start_daemon()

    def step_clock(self, seconds: float) -> None:
        """Set the daemon's wall clock so many seconds off the true time."""
        set_clock(self._clock, seconds)

    def sender_pid(self) -> int:
        """The process that sends the packets; waits while there is none."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for pid in children(self.daemon.pid):
                with contextlib.suppress(OSError):
                    if Path(f"/proc/{pid}/comm").read_text() == "visaged-sender\n":
                        return pid
            time.sleep(0.01)
        raise AssertionError("there is no sender")

    def close_second(self) -> None:
        """The program at the second target ends."""
        self.second.close()

    def open_second(self) -> None:
        """It listens again."""
        self.second = _listen(self.second_port)

    def _plug_in(self) -> None:
        self._cards = cards = SoundCards(self.folder, build(self.folder))
        sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
        # A guest who speaks, and then is silent for as long: the brain's answer is about as long as what it heard.
        turn = np.concatenate([sound, np.zeros_like(sound)]) if self.converse else sound
        self.mic = cards.add("mic", turn, rate_hz=rate_hz, loop=True)
        self.speaker = cards.add("speaker", channels=2)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", port))
    return listener


def _models() -> Path:
    from tests.codec.true_size import true_size  # noqa: PLC0415  torch

    return true_size()
