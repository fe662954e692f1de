"""A fleet on one broker: connect, list, command to all, and what the broker needs for it; all on this machine."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.report import Bench, Row
from tests.control.broker import Broker
from visaged.cli.fleet.link import FleetLink
from visaged.config import MqttSettings

COUNT = 1000
HEALTH_EVERY_S = 10.0
_COMMANDS = 20
_IDLE_S = 20.0
# One descriptor per box on either side, and a few for everything else.
_DESCRIPTORS = COUNT * 2 + 200


def measure() -> Bench:
    """Start a broker and a process of light boxes, and be their operator."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_DESCRIPTORS, hard), hard))
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name))
        broker.start()
        assert broker.process is not None
        started = time.monotonic()
        boxes = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.parts.mqtt_boxes", str(broker.port), str(COUNT), str(HEALTH_EVERY_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert boxes.stdin is not None
        assert boxes.stdout is not None
        try:
            assert boxes.stdout.readline() == b"ready\n"
            rows = [Row(f"{COUNT} boxes connect, subscribe, announce", {"s": round(time.monotonic() - started, 2)})]
            rows += _operate(broker, broker.process.pid)
        finally:
            boxes.stdin.close()
            boxes.wait(30)
            broker.stop()
    note = (
        "Boxes are light clients in one Python process (parts/mqtt_boxes.py) with the topics, payloads, QoS, "
        "retained messages and will of a real box; broker, boxes and operator share this machine's cores, so the times "
        "are upper bounds. Broker: mosquitto 2.0, no TLS, no persistence."
    )
    return Bench("mqtt_fleet", "python -m tests.bench mqtt_fleet", rows, note)


def _operate(broker: Broker, pid: int) -> list[Row]:
    settings = MqttSettings(host="127.0.0.1", port=broker.port)
    rows: list[Row] = []
    started = time.monotonic()
    with FleetLink(settings) as link:
        assert link.wait(lambda: sum(box.health is not None for box in link.boxes.all()) == COUNT, 60)
        rows.append(Row("fleet ls: every status and health in", {"s": round(time.monotonic() - started, 2)}))
        expected = {box.device_id for box in link.boxes.all()}
        lasts: list[float] = []
        each: list[float] = []
        missing = 0
        cpu = _cpu_s(pid)
        for _ in range(_COMMANDS):
            answers = link.ask(["all"], "ping", {}, expected, 30.0)
            missing += COUNT - len(answers)
            each += [answer.seconds for answer in answers.values()]
            lasts.append(max(answer.seconds for answer in answers.values()))
        cpu = _cpu_s(pid) - cpu
        each.sort()
        rows.append(
            Row(
                f"one command to all, all answers ({_COMMANDS} times)",
                {
                    "p50 ms": round(each[len(each) // 2] * 1000, 1),
                    "p99 ms": round(each[len(each) * 99 // 100] * 1000, 1),
                    "last ms": round(sorted(lasts)[len(lasts) // 2] * 1000, 1),
                    "missing": missing,
                    "broker CPU ms": round(cpu / _COMMANDS * 1000, 1),
                },
            )
        )
    cpu, began = _cpu_s(pid), time.monotonic()
    time.sleep(_IDLE_S)
    share = 100 * (_cpu_s(pid) - cpu) / (time.monotonic() - began)
    rows.append(
        Row(
            f"broker with {COUNT} boxes at rest, health every {HEALTH_EVERY_S:g} s, nobody watching",
            {"CPU %": round(share, 2), "RSS MiB": round(_rss_mib(pid), 1)},
        )
    )
    began = time.monotonic()
    command = [sys.executable, "-m", "visaged", "fleet", "--broker", f"127.0.0.1:{broker.port}", "ls", "--json"]
    listed = subprocess.run(command, check=True, capture_output=True).stdout.count(b"\n")
    rows.append(
        Row("visaged fleet ls, the whole command", {"s": round(time.monotonic() - began, 2), "missing": COUNT - listed})
    )
    return rows


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
