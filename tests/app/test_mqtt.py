"""A whole box on a real broker: presence, a command that moves the face, a broker that goes, a box that dies."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
import pytest

from tests.control.broker import Broker
from tests.control.operator import Operator
from tests.running import Running

FPS = 60
STATUS = "visaged/lobby-1/status"
ALIVE = ("online", "degraded")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def operator(broker: Broker) -> Iterator[Operator]:
    operator = Operator(broker.port)
    yield operator
    operator.close()


def box(tmp_path: Path, broker: Broker) -> Running:
    config = tmp_path / "visaged.toml"
    config.write_text(
        '[device]\nid = "lobby-1"\ngroups = ["lobby"]\n[audio.input]\nbackend = "none"\n[animation]\nidle = false\n'
        f'[capsules]\nlibrary = "{tmp_path}/library"\n'
        f"[mqtt]\nenabled = true\nport = {broker.port}\nhealth_every_s = 1\n"
    )
    return Running(f"--config={config}", log=tmp_path / "log")


def is_alive(message: paho.MQTTMessage) -> bool:
    return message.topic == STATUS and json.loads(message.payload)["state"] in ALIVE


def test_commands_from_the_broker_move_the_face(tmp_path: Path, broker: Broker, operator: Operator) -> None:
    with box(tmp_path, broker) as running:
        operator.wait(is_alive)
        assert running.packets, "announced only after the first pose went out"
        for topic, transaction in (("lobby-1", "1"), ("group/lobby", "2"), ("all", "3")):
            operator.publish(f"visaged/{topic}/request/ping", {"transaction": transaction})
            operator.wait_for("visaged/lobby-1/response/ping", transaction=transaction, status="ok")
        operator.publish("visaged/lobby-1/request/capsule.play", {"transaction": "4", "cid": "VF_SMILE_DUCHENNE"})
        operator.wait_for("visaged/lobby-1/response/capsule.play", transaction="4", status="ok")
        running.wait_for(lambda: running.curve("MouthSmileLeft", 5).max() > 0.3, "the smile")
        operator.wait(
            lambda message: (
                message.topic == "visaged/lobby-1/health" and (json.loads(message.payload)["livelink"]["fps"] or 0) > 0
            )
        )
        operator.wait(lambda message: message.topic == "homeassistant/device/lobby-1/config")
        assert running.stop() == 0
        operator.wait_for(STATUS, state="stopped")


def test_the_will_of_a_box_that_dies_names_its_session(tmp_path: Path, broker: Broker, operator: Operator) -> None:
    with box(tmp_path, broker) as running:
        born = json.loads(operator.wait(is_alive)[0].payload)
        running.stop(signal.SIGKILL)
        assert operator.wait_for(STATUS, state="offline")["session"] == born["session"]


def test_a_broker_that_goes_and_comes_back_does_not_touch_the_face(tmp_path: Path, broker: Broker) -> None:
    with box(tmp_path, broker) as running:
        running.wait_for(lambda: "mqtt: connected" in running.log, "the connection")
        broker.stop()
        running.wait_for(lambda: "mqtt_" in running.log.partition("mqtt: connected")[2], "the loss to be said")
        running.wait_for_packets(2 * FPS)
        broker.start()
        running.wait_for(lambda: running.log.count("mqtt: connected") == 2, "the reconnection")
    assert (np.diff(running.ticks()) > 0).all(), "scene time goes on"
    assert "livelink_sender" not in running.log, "and it is the same sender's"
