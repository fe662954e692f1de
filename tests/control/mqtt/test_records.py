"""A broker that puts many packets into one TLS record (mosquitto does not, others do): all must be seen at once."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from pathlib import Path

from tests.control.broker import Broker, make_certificates
from tests.control.fakes import Desk
from tests.control.mqtt.linked import link_to
from tests.patience import PATIENCE_S, wait_until

_REQUESTS = 20
_CONNACK = bytes([0x20, 3, 0, 0, 0])
_SUBSCRIBE = 0x82


def _publish(topic: bytes, payload: bytes) -> bytes:
    """An MQTT 5 PUBLISH, QoS 0, without properties."""
    body = struct.pack("!H", len(topic)) + topic + b"\0" + payload
    return bytes([0x30, len(body)]) + body


def _serve(listener: socket.socket, context: ssl.SSLContext, done: threading.Event) -> None:
    connection, _ = listener.accept()
    with context.wrap_socket(connection, server_side=True) as tls:
        tls.recv(65536)
        tls.sendall(_CONNACK)
        received = b""
        while bytes([_SUBSCRIBE]) not in received:
            received += tls.recv(65536)
        tls.sendall(b"".join(_publish(b"visaged/box-01/request/ping", b"{}") for _ in range(_REQUESTS)))
        done.wait(PATIENCE_S)


def test_many_packets_in_one_record(desk: Desk, tmp_path: Path) -> None:
    ca, certificate, key = make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context, done))
        thread.start()
        box = link_to(desk, Broker(tmp_path, port=listener.getsockname()[1]), ca_file=str(ca))
        box.state = None
        box.link.start()
        wait_until(lambda: len(desk.box.asked) == _REQUESTS)
        box.link.stop()
        done.set()
        thread.join()
