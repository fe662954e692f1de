"""What goes wrong in a booth, one thing at a time; each undoes itself."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from tests.devices.card import SoundCard
from tests.soak.world import World

_HOURS = 3600.0


class Misfortunes:
    """``strike`` makes one happen and returns its name. Sleeps while it lasts."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world = world
        self._rng = rng
        self.kinds: dict[str, Callable[[], None]] = {
            "brain cut off": self._cut_off_brain,
            "broker restarted": self._restart_broker,
            "microphone pulled out": lambda: self._pull(world.mic),
            "microphone wedged": lambda: self._wedge(world.mic),
            "speaker pulled out": lambda: self._pull(world.speaker),
            "clock stepped forward": lambda: world.step_clock(rng.uniform(1, 3 * _HOURS)),
            "clock stepped back": lambda: world.step_clock(-rng.uniform(1, 3 * _HOURS)),
            "clock set right": lambda: world.step_clock(0),
            "settings read again": lambda: world.daemon.send_signal(signal.SIGHUP),
            "CPU hogs": self._hog,
            "sender killed": self._kill_sender,
        }
        if world.can_fill_disk:
            self.kinds["disk full"] = self._fill_disk

    def strike(self, name: str) -> None:
        """Let it happen."""
        self.kinds[name]()

    def _pause(self, least_s: float, most_s: float) -> None:
        time.sleep(self._rng.uniform(least_s, most_s))

    def _restart_broker(self) -> None:
        self._world.broker.stop()
        self._pause(1, 8)
        self._world.broker.start()

    def _cut_off_brain(self) -> None:
        self._world.stop_brain()
        self._pause(1, 8)
        self._world.start_brain()

    def _pull(self, card: SoundCard) -> None:
        card.pull_out()
        self._pause(1, 6)
        card.put_back()

    def _wedge(self, card: SoundCard) -> None:
        card.wedge()
        self._pause(3, 5)
        card.put_back()

    def _hog(self) -> None:
        """Twice as many busy processes as there are cores."""
        busy = [subprocess.Popen((sys.executable, "-c", "while True: pass")) for _ in range(2 * (os.cpu_count() or 1))]
        try:
            self._pause(4, 8)
        finally:
            for process in busy:
                process.kill()
                process.wait()

    def _fill_disk(self) -> None:
        filler = self._world.disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        self._pause(2, 6)
        filler.unlink()

    def _kill_sender(self) -> None:
        pid = self._world.sender_pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
