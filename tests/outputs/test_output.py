from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.patience import PATIENCE_S, wait_until
from visaged.clock import NS_PER_S, now_ns
from visaged.config import LiveLinkSettings
from visaged.config.identity import livelink_device_id
from visaged.metrics import Metrics
from visaged.outputs.board import Cell
from visaged.outputs.destinations import Outputs
from visaged.outputs.livelink.stream import Stream
from visaged.outputs.output import FaceOutput
from visaged.outputs.receiver import Receiver
from visaged.problems import Problems


@dataclass
class Rig:
    output: FaceOutput
    receiver: Receiver
    problems: Problems
    metrics: Metrics

    @property
    def stream(self) -> Stream:
        (stream,) = self.receiver.streams.values()
        return stream

    def receive_until(self, condition: Callable[[], bool]) -> None:
        def check() -> bool:
            self.receiver.receive(0.01)
            return condition()

        wait_until(check)

    def packets(self) -> int:
        return self.stream.figures(0).packets if self.receiver.streams else 0


@contextmanager
def face(priority: int = 0) -> Iterator[Rig]:
    """A running output with an animator whose curve 17 counts ticks."""
    with Receiver("127.0.0.1", 0) as receiver:
        settings = Outputs(LiveLinkSettings(targets=[f"127.0.0.1:{receiver.port}"], subject="face", fps="120"))
        problems, metrics = Problems(), Metrics()
        output = FaceOutput(settings, "box-1", priority, problems, metrics)
        done = threading.Event()

        def animate() -> None:
            pose = np.zeros(61, np.float32)
            tick = output.schedule.tick_at(now_ns())
            while not done.wait(0.004):
                while tick < output.schedule.tick_at(now_ns()) + 2:
                    tick += 1
                    pose[17] = tick % 64 / 64
                    output.publish(tick, pose, now_ns())

        animator = threading.Thread(target=animate)
        output.start()
        animator.start()
        try:
            yield Rig(output, receiver, problems, metrics)
        finally:
            done.set()
            animator.join()
            if output.pid is not None and output._supervisor.is_alive():
                output.stop()


def test_packets_flow_and_the_figures_say_so() -> None:
    with face() as rig:
        rig.receive_until(lambda: rig.packets() >= 30)
        assert list(rig.receiver.streams) == [livelink_device_id("box-1", "face")]
        values = rig.metrics.values()
        assert isinstance(values["livelink.packets"], int)
        # The sender counts a packet after it has left.
        assert values["livelink.packets"] >= 29
        assert values["livelink.send_errors"] == 0
        assert values["livelink.scheduling"] == "normal"
        assert rig.metrics.histograms["livelink.gap_error"].read().count >= 28
        assert rig.metrics.histograms["latency.voice_to_packet"].read().count >= 29


def test_the_senders_process_is_small_and_stops() -> None:
    with face() as rig:
        rig.receive_until(lambda: rig.packets() >= 1)
        status = Path(f"/proc/{rig.output.pid}/status").read_text(encoding="ascii")
        maps = Path(f"/proc/{rig.output.pid}/maps").read_text(encoding="utf-8")
        assert "visaged-sender" in status
        assert "numpy" not in maps
        rig.output.stop()
        assert not Path(f"/proc/{rig.output.pid}").exists()
        assert rig.output._board.cells[Cell.SENT_TICK] >= rig.output._board.cells[Cell.STOP_TICK]


def test_a_sender_that_dies_is_replaced_and_scene_time_goes_on() -> None:
    with face() as rig:
        rig.receive_until(lambda: rig.packets() >= 10)
        before, pid = rig.packets(), rig.output.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        rig.receive_until(lambda: rig.packets() >= before + 40)
        assert rig.output.pid != pid
        assert rig.metrics.values()["livelink.restarts"] == rig.metrics.counter("livelink.restarts").value >= 1
        assert [problem.code for problem in rig.problems.current()] == ["livelink_sender"]
        figures = rig.stream.figures(0)
        assert (figures.jumps, figures.duplicates, figures.reordered) == (0, 0, 0)


def test_ctrl_c_and_systemd_reach_the_group_but_the_sender_waits_for_the_daemon() -> None:
    with face() as rig:
        rig.receive_until(lambda: rig.packets() >= 1)
        pid = rig.output.pid
        assert pid is not None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid, number)
        before = rig.packets()
        rig.receive_until(lambda: rig.packets() >= before + 20)
        assert rig.output.pid == pid


def test_a_sender_that_is_stuck_is_replaced() -> None:
    with face() as rig:
        rig.receive_until(lambda: rig.packets() >= 5)
        pid = rig.output.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        rig.receive_until(lambda: rig.output.pid != pid)
        before = rig.packets()
        rig.receive_until(lambda: rig.packets() >= before + 10)


class FakeSender:
    """A process that only notes that it was killed."""

    def __init__(self) -> None:
        self.killed = False

    def kill(self) -> None:
        self.killed = True


@pytest.mark.parametrize(
    ("spawned_s", "sent_s", "killed"),
    [
        pytest.param(4, None, False, id="starting slowly"),
        pytest.param(6, None, True, id="not starting at all"),
        pytest.param(6, 0.5, False, id="sending"),
        pytest.param(6, 2, True, id="stuck"),
        pytest.param(4, 9, False, id="the one before has sent, this one is starting"),
    ],
)
def test_a_sender_is_given_longer_to_start_than_to_send(spawned_s: float, sent_s: float | None, killed: bool) -> None:
    output = FaceOutput(Outputs(LiveLinkSettings(targets=[])), "box", 0, Problems(), Metrics())
    now, sender = now_ns(), FakeSender()
    output._spawned_ns = output._posed_ns = now - round(spawned_s * NS_PER_S)
    output._board.cells[Cell.SENT_NS] = 0 if sent_s is None else now - round(sent_s * NS_PER_S)
    output._check(sender)  # type: ignore[arg-type]
    assert not sender.killed, "there is nothing to send yet"
    output.publish(0, np.zeros(61, np.float32))
    output._check(sender)  # type: ignore[arg-type]
    assert sender.killed == killed


def test_the_first_pose_may_come_long_after_the_sender() -> None:
    output = FaceOutput(Outputs(LiveLinkSettings(targets=[])), "box", 0, Problems(), Metrics())
    sender = FakeSender()
    output._spawned_ns = now_ns() - 60 * NS_PER_S
    output.publish(0, np.zeros(61, np.float32))
    output._check(sender)  # type: ignore[arg-type]
    assert not sender.killed


def test_a_sender_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", refuse)
        problems = Problems()
        output = FaceOutput(Outputs(LiveLinkSettings(targets=[])), "box", 0, problems, Metrics())
        output.start()
        wait_until(lambda: [problem.code for problem in problems.current()] == ["livelink_sender"])
        assert output.pid is None
    wait_until(lambda: output.pid is not None)
    output.stop()


def test_the_sender_ends_with_the_daemon() -> None:
    code = (
        "import os, time; from visaged.config import LiveLinkSettings; from visaged.outputs.output import *\n"
        "output = FaceOutput(Outputs(LiveLinkSettings(targets=[])), 'box', 0, Problems(), Metrics()); output.start()\n"
        "print(output.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        sender = Path(f"/proc/{int(daemon.stdout.readline())}/stat")
        assert sender.exists()
        daemon.kill()

    def gone() -> bool:
        try:
            return sender.read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    wait_until(gone)


def test_without_realtime_priority_there_is_a_word_and_a_face() -> None:
    code = (
        "import ctypes, resource, time; resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))\n"
        # PR_CAPBSET_DROP, CAP_SYS_NICE: what a process started from here on cannot have, root or not.
        "ctypes.CDLL(None).prctl(24, 23, 0, 0, 0)\n"
        "from visaged.config import LiveLinkSettings; from visaged.outputs.output import *\n"
        "problems = Problems(); settings = Outputs(LiveLinkSettings(targets=[]))\n"
        "output = FaceOutput(settings, 'box', 10, problems, Metrics()); output.start()\n"
        "while not problems.current(): time.sleep(0.05)\n"
        "print([problem.code for problem in problems.current()]); output.stop()"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert said.stdout.strip() == "['livelink_not_realtime']", said.stderr


def test_stop_returns_though_there_is_no_pose() -> None:
    output = FaceOutput(Outputs(LiveLinkSettings(targets=[])), "box", 0, Problems(), Metrics())
    output.start()
    wait_until(lambda: output.pid is not None)
    pid = output.pid
    output.stop()
    assert not Path(f"/proc/{pid}").exists()
