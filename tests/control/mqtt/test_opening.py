"""Whatever is at the broker's address, connecting ends, with one error that says what was wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from visaged.config import MqttSettings
from visaged.control.mqtt.client import make_client
from visaged.control.mqtt.errors import MqttError
from visaged.control.mqtt.opening import open_connection

_done = threading.Event()


def _keep_silent(connection: socket.socket) -> None:
    _done.wait(30)


def _error(serve: Callable[[socket.socket], None], give_up: Callable[[], bool] = lambda: False) -> MqttError:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        settings = MqttSettings(host="127.0.0.1", port=server.getsockname()[1])
        client = make_client(settings, "visaged-test")
        try:
            with pytest.raises(MqttError) as caught:
                open_connection(client, settings, longest_s=1.0, give_up=give_up)
            assert client.on_connect is None
        finally:
            _done.set()
            thread.join()
            _done.clear()
            if (left := client.socket()) is not None:
                left.close()
    return caught.value


def test_a_broker_that_says_nothing() -> None:
    assert "no answer to CONNECT" in _error(_keep_silent).message


def test_a_server_that_hangs_up() -> None:
    error = _error(lambda connection: None)
    assert (error.code, "was closed" in error.message) == ("mqtt_unreachable", True)


def test_a_refusal_is_told_though_the_broker_hangs_up_at_once() -> None:
    # CONNACK, MQTT 5: bad user name or password, no properties.
    error = _error(lambda connection: connection.sendall(bytes((0x20, 3, 0, 0x86, 0))))
    assert error.code == "mqtt_credentials"


def test_what_is_no_mqtt_at_all() -> None:
    error = _error(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert error.code == "mqtt_unreachable"


def test_whoever_waits_may_give_up() -> None:
    error = _error(_keep_silent, give_up=lambda: True)
    assert "no answer to CONNECT" in error.message
