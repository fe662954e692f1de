"""One box on one broker: what a command, health, a flood and a broker that goes away cost; all on this machine."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
import timeit
from pathlib import Path
from typing import Any

from tests.bench.report import Bench, Row
from tests.control.broker import Broker
from tests.control.fakes import Desk, make_desk
from tests.control.mqtt.linked import Linked, link_to
from tests.control.operator import Operator
from tests.patience import wait_until
from visaged.control.health import HealthBuilder
from visaged.control.process import ProcessFigures
from visaged.control.protocol.commands import capsules
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.system.sensors import Sensors

_COMMANDS = 500
_FLOOD_PER_S = 1000
_FLOOD_S = 10
_RETURNS = 12
# For the ten-minute outage of the target: VISAGED_BENCH_OUTAGE_S=600
_OUTAGE_S = float(os.environ.get("VISAGED_BENCH_OUTAGE_S", "20"))


def measure() -> Bench:
    """Health, command latency, flood, reconnects, a long outage."""
    rows = [_health()]
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name), ["max_queued_messages 0", "set_tcp_nodelay true"])
        broker.start()
        desk = make_desk()
        desk.dispatcher.start()
        box = link_to(desk, broker)
        desk.events.listen(box.link.tell)
        box.link.start()
        operator = Operator(broker.port)
        operator.wait_for("visaged/box-01/status", state="online")
        rows += [_latency(desk, operator), _flood(operator)]
        operator.close()
        rows += [_returns(broker, box), _outage(broker, box, desk)]
        box.link.stop()
        desk.dispatcher.stop()
        broker.stop()
    note = "The real link and dispatcher over handlers that do nothing; mosquitto 2.0 on loopback, TCP_NODELAY, no TLS."
    return Bench("mqtt", "python -m tests.bench mqtt", rows, note)


def _health() -> Row:
    metrics = Metrics()
    builder = HealthBuilder(metrics, Problems(), ProcessFigures())
    builder.add("system", Sensors(Path("/")).fields)
    for name in ("livelink.gap_error", "latency.voice_to_packet", "solver.step"):
        for value in range(5000):
            metrics.histogram(name).record_ns((value * 7919 % 5000 + 1) * 1e4)
    times = sorted(timeit.repeat(lambda: builder.build().model_dump_json().encode(), number=1, repeat=1000))
    figures = {"p50 ms": _ms(times[500]), "p99 ms": _ms(times[990]), "% of a core at 1 Hz": round(times[500] * 100, 3)}
    return Row("health: built and written as JSON", figures, "<= 1 ms; <= 0.5 % of a core at 1 Hz", times[500] <= 1e-3)


def _latency(desk: Desk, operator: Operator) -> Row:
    """From publish to the handler, and to the answer; both ends in this process."""
    handled: list[float] = []
    play = desk.box.capsule_play

    def note(request: capsules.CapsulePlay) -> capsules.Played:
        handled.append(time.perf_counter())
        return play(request)

    desk.serve("capsule.play", note)
    to_handler, to_answer = [], []
    for number in range(_COMMANDS):
        payload = json.dumps({"transaction": f"latency-{number}", "cid": "VF_083"}).encode()
        operator.forget()
        started = time.perf_counter()
        operator.client.publish("visaged/box-01/request/capsule.play", payload, qos=1)
        operator.wait(lambda message: message.topic == "visaged/box-01/response/capsule.play")
        to_answer.append(time.perf_counter() - started)
        to_handler.append(handled[-1] - started)
        time.sleep(0.01)
    to_handler.sort()
    to_answer.sort()
    figures = {
        "p50 ms": _ms(to_handler[_COMMANDS // 2]),
        "p99 ms": _ms(to_handler[_COMMANDS * 99 // 100]),
        "answer p50 ms": _ms(to_answer[_COMMANDS // 2]),
        "answer p99 ms": _ms(to_answer[_COMMANDS * 99 // 100]),
    }
    return Row("command: publish to handler, over the broker", figures, "<= 8 ms of the 25 ms to the packet")


def _flood(operator: Operator) -> Row:
    """A thousand commands per second for ten seconds; the process share includes the flooding client."""
    answers = {"ok": 0, "busy": 0}

    def count(client: Any, userdata: Any, message: Any) -> None:
        if "/response/ping" in message.topic:
            error = json.loads(message.payload)["error"]
            answers["ok" if error is None else error["code"]] += 1

    # The collecting callback keeps every message; a flood needs only counts.
    before, operator.client.on_message = operator.client.on_message, count
    started, cpu = time.perf_counter(), time.thread_time()
    for number in range(_FLOOD_PER_S * _FLOOD_S):
        due = started + number / _FLOOD_PER_S
        if (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        operator.client.publish("visaged/box-01/request/ping", b'{"transaction": "f%d"}' % number, qos=1)
    wait_until(lambda: sum(answers.values()) == _FLOOD_PER_S * _FLOOD_S)
    seconds = time.perf_counter() - started
    operator.client.on_message = before
    figures = {
        "carried out /s": round(answers["ok"] / seconds),
        "busy /s": round(answers["busy"] / seconds),
        "unanswered": _FLOOD_PER_S * _FLOOD_S - sum(answers.values()),
        "flooder CPU s": round(time.thread_time() - cpu, 2),
    }
    return Row(
        f"flood of {_FLOOD_PER_S} commands/s for {_FLOOD_S} s",
        figures,
        "every one answered",
        figures["unanswered"] == 0,
    )


def _returns(broker: Broker, box: Linked) -> Row:
    """How long after the broker listens again the box is connected, after outages of different lengths."""
    times = []
    for number in range(_RETURNS):
        broker.stop()
        wait_until(lambda: not box.link.connected)
        time.sleep(0.7 * number)
        broker.start()
        started = time.perf_counter()
        wait_until(lambda: box.link.connected)
        times.append(time.perf_counter() - started)
    times.sort()
    figures = {"p50 s": round(times[_RETURNS // 2], 2), "max s": round(times[-1], 2)}
    return Row(f"broker back to box connected, {_RETURNS} outages of 0 to 8 s", figures, "<= 5 s", times[-1] <= 5)


def _outage(broker: Broker, box: Linked, desk: Desk) -> Row:
    """Two events per second while the broker is away; all must arrive in order when it is back."""
    broker.stop()
    wait_until(lambda: not box.link.connected)
    rss = _rss_mib()
    done = threading.Event()
    told = 0
    end = time.monotonic() + _OUTAGE_S
    while time.monotonic() < end:
        desk.events.tell("capsule_start", number=told)
        told += 1
        done.wait(0.5)
    grown = _rss_mib() - rss
    broker.start()
    started = time.perf_counter()
    operator = Operator(broker.port, topic="visaged/box-01/event/#")
    events = operator.wait(lambda message: message.topic.endswith("/capsule_start"), told)
    seconds = time.perf_counter() - started
    numbers = [json.loads(message.payload)["data"]["number"] for message in events]
    in_order = list(dict.fromkeys(numbers)) == list(range(told))
    figures = {
        "away s": _OUTAGE_S,
        "events": told,
        "lost": told - len(set(numbers)),
        "in order": "yes" if in_order else "no",
        "all there after s": round(seconds, 2),
        "RSS grown MiB": round(grown, 1),
    }
    operator.close()
    return Row("broker away, events meanwhile", figures, "none lost, in order, back <= 5 s", in_order and seconds <= 5)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _rss_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    for row in measure().rows:
        sys.stdout.write(f"{row.what}: {row.figures}\n")
