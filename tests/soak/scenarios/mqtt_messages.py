"""What others write to the broker: floods, nested and huge messages, statuses under this box's id, its client id."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import DEVICE, World

_BASE = f"visaged/{DEVICE}"
_PAUSE_S = 0.05
_NESTED = b'{"settings": ' + b'{"a": ' * 30_000 + b"1" + b"}" * 30_000 + b"}"
_HUGE = b'{"settings": "' + b"x" * (1 << 20) + b'"}'
_PINGS = 30


@contextmanager
def _client(world: World, name: str = "") -> Iterator[paho.Client]:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", world.broker.port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def _again_and_again(work: Callable[[], None], pause_s: float = _PAUSE_S) -> Iterator[None]:
    over = threading.Event()

    def run() -> None:
        while not over.wait(pause_s):
            work()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _bad_messages(world: World) -> Iterator[None]:
    """Nested and huge requests, requests that are none, and six hundred commands a second."""
    with _client(world) as client:

        def write() -> None:
            for payload in (_NESTED, _HUGE, b"\xff\xfe", b""):
                client.publish(f"{_BASE}/request/config.set", payload)
            for _ in range(_PINGS):
                client.publish(f"{_BASE}/request/ping", b"{}")

        with _again_and_again(write):
            yield


@contextmanager
def _forged_statuses(world: World) -> Iterator[None]:
    with _client(world) as client:
        status = {"state": "online", "since": "2026-01-01T00:00:00Z", "version": "0"}

        def write() -> None:
            for session in ("forged-1", "forged-2"):
                client.publish(f"{_BASE}/status", json.dumps(status | {"session": session}))

        with _again_and_again(write):
            yield


@contextmanager
def _same_client_id(world: World) -> Iterator[None]:
    """Another box with the same id connects whenever this one has come back."""

    def connect() -> None:
        with _client(world, f"visaged-{DEVICE}") as client:
            status = {"state": "online", "session": str(uuid.uuid4()), "since": "2026-01-01T00:00:00Z", "version": "0"}
            client.publish(f"{_BASE}/status", json.dumps(status), qos=1, retain=True).wait_for_publish(1.0)

    with _again_and_again(connect, 0.5):
        yield


SCENARIOS = (
    Scenario(
        "mqtt-messages",
        "nested and huge requests, and six hundred commands a second",
        "goes on; what is too much is refused",
        "command_flood",
        "ten seconds after the last one",
        _bad_messages,
    ),
    Scenario(
        "mqtt-forged-status",
        "somebody forges this box's status",
        "goes on; the connection stays",
        "mqtt_id_taken",
        "a minute after the last one",
        _forged_statuses,
        long_run=False,
    ),
    Scenario(
        "mqtt-same-id",
        "another client takes this box's client id, again and again",
        "goes on; the connection comes back more and more seldom",
        "mqtt_id_taken",
        "a minute after the last one",
        _same_client_id,
        long_run=False,
    ),
)
