"""A real ``visaged run`` for tests: its own process, its packets collected, its log kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from tests.patience import PATIENCE_S, wait_until
from visaged.curves import INDEX
from visaged.outputs.livelink.packet import LiveLinkPacket, decode
from visaged.outputs.receiver import Receiver


class _Collector(Receiver):
    """Keeps every packet with its arrival (wall clock, ns)."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1", 0)
        self.packets: list[tuple[int, LiveLinkPacket]] = []

    def _take(self, datagram: bytes, time_ns: int, sender: str) -> None:
        # The doctor asks with an empty datagram whether somebody listens; anything else must be a packet.
        if datagram:
            self.packets.append((time_ns, decode(datagram)))
        super()._take(datagram, time_ns, sender)


class Running:
    """A context: the daemon runs, ``packets`` grows."""

    def __init__(
        self, *arguments: str, log: Path, wrapper: tuple[str, ...] = (), stdin: int = subprocess.DEVNULL
    ) -> None:
        """``wrapper``: a command that takes ours as its arguments. ``stdin``: subprocess.PIPE to write to it."""
        self._receiver = _Collector()
        self._arguments = arguments
        self._log = log
        self.folder = log.parent
        """Its runtime directory too: the control socket is there."""
        self._wrapper, self._stdin = wrapper, stdin
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self.returncode: int | None = None

    def __enter__(self) -> Running:
        target = f"--target=127.0.0.1:{self._receiver.port}"
        command = (*self._wrapper, sys.executable, "-m", "visaged", "run", "--plain", target)
        self._thread.start()
        with self._log.open("w") as log:
            # A control socket of its own: several daemons may run at once.
            # The page's port is one for the whole machine: who tests the page sets it.
            web = {"VISAGED__WEB__ENABLED": os.environ.get("VISAGED__WEB__ENABLED", "false")}
            own = {"RUNTIME_DIRECTORY": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state")}
            environment = os.environ | own | web
            self.process = subprocess.Popen(
                (*command, *self._arguments), stdin=self._stdin, stderr=log, env=environment
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._receiver.close()
        if kind is not None:
            sys.stderr.write(self.log)

    def _collect(self) -> None:
        while not self._ended.is_set():
            self._receiver.receive(0.05)

    @property
    def packets(self) -> Sequence[tuple[int, LiveLinkPacket]]:
        """(arrival in wall-clock ns, packet), oldest first."""
        return tuple(self._receiver.packets)

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it with a signal, once; returns its exit code."""
        if self.returncode is None:
            self.process.send_signal(number)
            self.returncode = self.process.wait(PATIENCE_S)
            self._ended.set()
            self._thread.join()
            # What it sent before it ended is in the socket.
            while self._receiver.receive(0):
                pass
        return self.returncode

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until ``condition`` holds; fails with ``what`` after a long while."""
        wait_until(condition, lambda: f"{what}\n{self.log}", look_s=0.02)

    def wait_for_packets(self, count: int) -> None:
        """Wait until ``count`` more packets have come."""
        wanted = len(self._receiver.packets) + count
        self.wait_for(lambda: len(self._receiver.packets) >= wanted, f"{count} more packets")

    def curve(self, name: str, last: int | None = None) -> NDArray[np.float64]:
        """The values of one curve, of the ``last`` packets (all)."""
        packets = self.packets if last is None else self.packets[-last:]
        return np.array([packet.curves[INDEX[name]] for _, packet in packets])

    def ticks(self) -> NDArray[np.float64]:
        """The scene time of each packet in frames, as ``curve`` has their values; a loaded machine leaves some out."""
        return np.array([packet.frame + packet.sub_frame for _, packet in self.packets])

    def largest_step(self) -> float:
        """The largest change of any curve per tick: over as many ticks as the pose before it was shown for."""
        poses = np.array([packet.curves for _, packet in self.packets])
        changes = np.flatnonzero(np.abs(np.diff(poses, axis=0, prepend=poses[:1] - 1)).max(axis=1))
        steps = np.abs(np.diff(poses[changes], axis=0)) / np.diff(self.ticks()[changes])[:, None]
        return float(steps.max(initial=0))
