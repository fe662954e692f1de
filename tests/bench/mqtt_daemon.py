"""The whole daemon under command: from a command to the first packet that shows it, and its pacing in a flood.

The capsule that is played is at full strength in its first frame, in a curve that nothing else moves. Arrival is the
kernel's time stamp of the datagram.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from tests.bench.report import Bench, Row
from tests.control.broker import Broker
from tests.control.operator import Operator
from tests.running import Running
from visaged.capsules.file.capsule import Capsule
from visaged.capsules.file.header import FRAME_RATE_HZ, Header
from visaged.capsules.library.install import add_local
from visaged.capsules.library.library import Library
from visaged.clock import NS_PER_S
from visaged.control.local.client import ControlClient
from visaged.curves import COUNT, INDEX

_COMMANDS: Final = 300
_CID: Final = "VF_BENCH"
_CURVE: Final = INDEX["TongueOut"]
_LONG_MS: Final = 100
# The capsule is over by then.
_REST_S: Final = 0.2
_FLOOD_PER_S: Final = 1000
_FLOOD_S: Final = 20
_TARGET_MS: Final = 25.0
_GAP_MS: Final = 0.5
_MOVED: Final = 0.01

_SETTINGS: Final = """
[device]
id = "box-01"
[audio.input]
backend = "none"
[animation]
idle = false
[capsules]
library = "{folder}/capsules"
[mqtt]
enabled = true
host = "127.0.0.1"
port = {port}
"""


def measure() -> Bench:
    """Command latency over both ways in, and a flood."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder, ["max_queued_messages 0", "set_tcp_nodelay true"])
        broker.start()
        _make_capsule(folder / "capsules")
        settings = folder / "visaged.toml"
        settings.write_text(_SETTINGS.format(folder=folder, port=broker.port))
        with Running("--config", str(settings), log=folder / "log") as daemon:
            operator = Operator(broker.port, topic="visaged/box-01/response/#")
            with ControlClient(_socket(daemon)) as client:
                client.call("capsule.pin", cids=[_CID])
                rows = [
                    _latency(daemon, "local socket", lambda: _by_socket(client)),
                    _latency(daemon, "MQTT", lambda: _by_mqtt(operator)),
                    _gaps(daemon, "at rest", lambda: time.sleep(_FLOOD_S)),
                    _gaps(daemon, f"flood of {_FLOOD_PER_S} commands/s over MQTT", lambda: _flood(operator)),
                ]
            operator.close()
        broker.stop()
    note = f"No sound, no idle life; {_CID} pinned; mosquitto 2.0, its clients and the receiver share the cores."
    return Bench("mqtt_daemon", "python -m tests.bench mqtt_daemon", rows, note)


def _socket(daemon: Running) -> Path:
    path = daemon.folder / "control.sock"
    daemon.wait_for(path.exists, "the control socket")
    return path


def _by_socket(client: ControlClient) -> int:
    sent_ns = time.time_ns()
    client.call("capsule.play", cid=_CID)
    return sent_ns


def _by_mqtt(operator: Operator) -> int:
    sent_ns = time.time_ns()
    operator.client.publish("visaged/box-01/request/capsule.play", json.dumps({"cid": _CID}).encode(), qos=1)
    return sent_ns


def _latency(daemon: Running, way: str, play: Callable[[], int]) -> Row:
    """capsule.play to the first packet with its curve in it."""
    times_ms = []
    for number in range(_COMMANDS):
        # A share of a frame more each time: commands must not march in step with the frames.
        time.sleep(_REST_S + number % 17 / 1000)
        sent_ns = play()
        time.sleep(_REST_S)
        arrived = [(at, packet.curves[_CURVE]) for at, packet in daemon.packets[-40:] if at >= sent_ns]
        first = next((at for at, value in arrived if value > _MOVED), None)
        if first is not None:
            times_ms.append((first - sent_ns) / 1e6)
    times_ms.sort()
    figures = {
        "p50 ms": round(statistics.median(times_ms), 2),
        "p99 ms": round(times_ms[len(times_ms) * 99 // 100], 2),
        "max ms": round(times_ms[-1], 2),
        "commands": len(times_ms),
    }
    what = f"capsule.play over {way} to the first changed packet"
    return Row(what, figures, f"p99 <= {_TARGET_MS:g} ms", figures["p99 ms"] <= _TARGET_MS)


def _make_capsule(folder: Path) -> None:
    """A capsule that is at its full strength in its first frame, in a curve that nothing else moves."""
    curves = np.zeros((_LONG_MS * FRAME_RATE_HZ // 1000, COUNT), np.float16)
    curves[:, _CURVE] = 1.0
    header = Header.model_validate(
        {"cid": _CID, "title": "bench", "duration_ms": _LONG_MS, "fade_in_ms": 0, "fade_out_ms": 0, "source": "bench"}
    )
    library = Library(folder)
    library.load()
    add_local(library, [Capsule(header, curves)])


def _gaps(daemon: Running, what: str, work: Callable[[], None]) -> Row:
    began = len(daemon.packets)
    work()
    times = [at for at, _ in daemon.packets[began:]]
    errors_ms = sorted(abs(b - a - NS_PER_S / 60) / 1e6 for a, b in itertools.pairwise(times))
    figures = {
        "gap p99 ms": round(errors_ms[len(errors_ms) * 99 // 100], 3),
        "gap max ms": round(errors_ms[-1], 3),
        "packets": len(times),
    }
    return Row(f"packet spacing, {what}", figures, f"p99 <= {_GAP_MS:g} ms with FIFO", figures["gap p99 ms"] <= _GAP_MS)


def _flood(operator: Operator) -> None:
    """Face commands as fast as _FLOOD_PER_S, for _FLOOD_S."""
    done = threading.Event()
    answered = [0]
    operator.client.on_message = lambda client, userdata, message: answered.__setitem__(0, answered[0] + 1)
    began = time.perf_counter()
    for number in range(_FLOOD_PER_S * _FLOOD_S):
        if (wait := began + number / _FLOOD_PER_S - time.perf_counter()) > 0:
            done.wait(wait)
        operator.client.publish("visaged/box-01/request/face.set", b'{"curves": {"CheekPuff": 0.5}}', qos=1)
    deadline = time.monotonic() + 20
    while answered[0] < _FLOOD_PER_S * _FLOOD_S and time.monotonic() < deadline:
        time.sleep(0.05)
    sys.stderr.write(f"flood: {answered[0]} of {_FLOOD_PER_S * _FLOOD_S} answered\n")


if __name__ == "__main__":
    for row in measure().rows:
        sys.stdout.write(f"{row.what}: {row.figures} {row.met}\n")
    sys.stdout.write(f"load {os.getloadavg()}\n")
