"""Brokers with passwords, ACL and TLS: what is refused is explained, and a refused connection is not a connection."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from tests.control.broker import Broker, make_certificates, set_password
from tests.control.fakes import Desk
from tests.control.mqtt.linked import Linked, link_to, settings_for
from tests.control.operator import Operator
from tests.patience import wait_until
from visaged.config import Settings
from visaged.control.mqtt.broker_check import check_broker
from visaged.control.mqtt.errors import MqttError
from visaged.doctor import broker as doctor

# The example of docs/mqtt.md: a box below its own topics, an operator everywhere below the base.
_ACL = """
pattern readwrite visaged/%u/#
pattern read visaged/group/+/request/#
pattern read visaged/all/request/#
pattern write homeassistant/device/%u/config
pattern read homeassistant/status

user operator
topic readwrite visaged/#
topic read homeassistant/#
"""


def _as(user: str) -> Callable[[paho.Client], None]:
    return lambda client: client.username_pw_set(user, f"{user} secret")


@pytest.fixture
def guarded(tmp_path: Path) -> Broker:
    for user in ("box-01", "box-02", "operator"):
        passwords = set_password(tmp_path, user, f"{user} secret")
    (tmp_path / "acl").write_text(_ACL)
    (tmp_path / "password").write_text("box-01 secret\n")
    return Broker(tmp_path, ["allow_anonymous false", f"password_file {passwords}", f"acl_file {tmp_path / 'acl'}"])


def _start(desk: Desk, broker: Broker, **fields: object) -> Linked:
    box = link_to(desk, broker, **fields)
    box.link.start()
    return box


def test_with_its_password_and_the_example_acl_a_box_works(desk: Desk, guarded: Broker, tmp_path: Path) -> None:
    guarded.start()
    box = _start(desk, guarded, username="box-01", password_file=str(tmp_path / "password"))
    operator = Operator(guarded.port, _as("operator"))
    operator.wait_for("visaged/box-01/status", state="online")
    operator.publish("visaged/all/request/ping", {"transaction": "1"})
    operator.wait_for("visaged/box-01/response/ping", transaction="1")
    operator.wait_for("homeassistant/device/box-01/config")
    assert box.open_codes() == set()
    operator.close()
    box.link.stop()
    guarded.stop()


def test_one_box_cannot_command_another(desk: Desk, guarded: Broker, tmp_path: Path) -> None:
    guarded.start()
    box = _start(desk, guarded, username="box-01", password_file=str(tmp_path / "password"))
    operator = Operator(guarded.port, _as("operator"))
    operator.wait_for("visaged/box-01/status", state="online")
    intruder = Operator(guarded.port, _as("box-02"))
    intruder.publish("visaged/box-01/request/restart", {"transaction": "evil"})
    intruder.publish("visaged/all/request/restart", {"transaction": "evil"})
    intruder.publish("visaged/box-01/status", {"state": "stopped"}, retain=True)
    operator.publish("visaged/box-01/request/ping", {"transaction": "good"})
    operator.wait_for("visaged/box-01/response/ping", transaction="good")
    assert [type(request).__name__ for request in desk.box.asked] == ["Ping"]
    assert all(b"evil" not in message.payload for message in operator.messages)
    for client in (intruder, operator):
        client.close()
    box.link.stop()
    guarded.stop()


def test_a_wrong_password_is_not_a_connection_and_is_explained(desk: Desk, guarded: Broker, tmp_path: Path) -> None:
    guarded.start()
    (tmp_path / "wrong").write_text("guess")
    box = _start(desk, guarded, username="box-01", password_file=str(tmp_path / "wrong"))
    wait_until(lambda: box.open_codes() == {"mqtt_credentials"})
    assert not box.link.connected
    problem = box.problems.current()[0]
    assert "mqtt.password_file" in problem.remedy
    assert "secret" not in problem.message + problem.remedy
    (tmp_path / "wrong").write_text("box-01 secret")  # read anew at the next try
    wait_until(lambda: box.link.connected)
    wait_until(lambda: box.open_codes() == set())
    box.link.stop()
    guarded.stop()


def test_the_same_over_3_1_1(desk: Desk, guarded: Broker) -> None:
    guarded.start()
    box = _start(desk, guarded, protocol="3.1.1")
    wait_until(lambda: box.open_codes() == {"mqtt_credentials"})
    assert not box.link.connected
    box.link.stop()
    guarded.stop()


def test_what_the_acl_forbids_is_a_problem_with_the_topic(desk: Desk, guarded: Broker, tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("pattern read visaged/%u/request/#\npattern write visaged/%u/response/#\n")
    guarded.start()
    box = _start(desk, guarded, username="box-01", password_file=str(tmp_path / "password"))
    wait_until(lambda: "mqtt_not_allowed" in box.open_codes())
    assert "publish" in box.problems.current()[0].message
    wait_until(lambda: box.link.figures().dropped_by_kind.get("status", 0) > 0)
    assert box.link.connected
    box.link.stop()
    guarded.stop()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"x" * 5000])
def test_a_password_file_that_cannot_be_used(
    desk: Desk, guarded: Broker, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "other").write_bytes(content)
    box = _start(desk, guarded, username="box-01", password_file=str(tmp_path / "other"))
    wait_until(lambda: box.open_codes() == {"mqtt_credentials"})
    assert str(tmp_path / "other") in box.problems.current()[0].message
    box.link.stop()


@pytest.mark.parametrize("key", ["password_file", "ca_file"])
def test_a_pipe_or_a_device_is_not_waited_for(desk: Desk, guarded: Broker, tmp_path: Path, key: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        box = _start(desk, guarded, username="box-01", **{key: str(path)})
        wait_until(lambda: box.open_codes() == {"mqtt_credentials" if key == "password_file" else "mqtt_tls"})  # noqa: B023
        assert "it is a pipe or device, not a file" in box.problems.current()[0].message
        box.link.stop()


def test_the_password_may_be_a_systemd_credential(
    desk: Desk, guarded: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.start()
    (tmp_path / "mqtt_password").write_text("box-01 secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    box = _start(desk, guarded, username="box-01")
    wait_until(lambda: box.link.connected)
    box.link.stop()
    guarded.stop()


def _tls_broker(tmp_path: Path, *lines: str) -> tuple[Broker, Path, Path, Path]:
    ca, certificate, key = make_certificates(tmp_path)
    return Broker(tmp_path, [f"cafile {ca}", f"certfile {certificate}", f"keyfile {key}", *lines]), ca, certificate, key


def test_tls_with_an_own_authority_and_a_client_certificate(desk: Desk, tmp_path: Path) -> None:
    broker, ca, certificate, key = _tls_broker(tmp_path, "require_certificate true")
    broker.start()
    box = _start(desk, broker, ca_file=str(ca), cert_file=str(certificate), key_file=str(key))
    operator = Operator(broker.port, lambda client: client.tls_set(str(ca), str(certificate), str(key)))
    operator.wait_for("visaged/box-01/status", state="online")
    for number in range(50):  # several records in one read: decrypted bytes that no selector sees
        operator.client.publish("visaged/box-01/request/ping", f'{{"transaction": "{number}"}}', qos=1)
    operator.wait(lambda message: message.topic == "visaged/box-01/response/ping", 50)
    operator.close()
    box.link.stop()
    broker.stop()


def test_a_broker_that_nobody_trusts(desk: Desk, tmp_path: Path) -> None:
    broker, *_ = _tls_broker(tmp_path)
    broker.start()
    box = _start(desk, broker, tls=True)
    wait_until(lambda: box.open_codes() == {"mqtt_tls"})
    assert "mqtt.ca_file" in box.problems.current()[0].remedy
    box.link.stop()
    broker.stop()


def test_tls_to_a_port_without_it(desk: Desk, broker: Broker) -> None:
    box = _start(desk, broker, tls=True)
    wait_until(lambda: bool(box.open_codes()))
    assert not box.link.connected
    assert box.open_codes() <= {"mqtt_tls", "mqtt_unreachable"}
    box.link.stop()


def test_a_certificate_file_that_is_none(desk: Desk, broker: Broker, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    box = _start(desk, broker, ca_file=str(tmp_path / "ca.pem"))
    wait_until(lambda: box.open_codes() == {"mqtt_tls"})
    box.link.stop()


def test_the_doctor_finds_the_same(guarded: Broker, tmp_path: Path) -> None:
    settings = settings_for(guarded, username="box-01", password_file=str(tmp_path / "password"))
    with pytest.raises(MqttError, match="nothing listens"):
        check_broker(settings)
    guarded.start()
    check_broker(settings)
    (tmp_path / "password").write_text("wrong")
    with pytest.raises(MqttError, match="Not authorized") as caught:
        check_broker(settings)
    assert caught.value.code == "mqtt_credentials"
    (finding,) = doctor.check(Settings(mqtt=settings))
    assert finding.verdict == "fail"
    assert "mqtt.password_file" in finding.remedy
    assert list(doctor.check(Settings())) == []
    guarded.stop()
