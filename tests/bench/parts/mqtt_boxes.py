"""A thousand boxes in one process: as much MQTT 3.1.1 as a box on the network shows, and nothing of the box.

``python -m tests.bench.parts.mqtt_boxes PORT COUNT HEALTH_EVERY_S`` connects them, says ``ready``, and runs until
its stdin is closed. Topics, payload sizes, retained messages, QoS and will are those of a real box.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import struct
import sys
import time
from datetime import datetime, timezone

from visaged.control.protocol.health_model import BoxStatus, Health

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK, _PINGREQ = 1, 2, 3, 4, 8, 9, 12
_KEEPALIVE_S = 30
# Boxes that connect at the same time; a broker's backlog of unaccepted connections is about a hundred.
_AT_ONCE = 50


def _text(value: bytes) -> bytes:
    return struct.pack("!H", len(value)) + value


def packet(kind: int, flags: int, body: bytes) -> bytes:
    """One MQTT control packet (MQTT 3.1.1, section 2)."""
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128) if left >= 128 else (0, left)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([kind << 4 | flags]) + bytes(length) + body


class LightBox:
    """One simulated box."""

    def __init__(self, device_id: str, port: int, health_every_s: float) -> None:
        self.ready = False
        self._id = device_id
        self._own = f"visaged/{device_id}".encode()
        self._health_every_s = health_every_s
        self._health_due = self._ping_due = float("inf")
        self._received = bytearray()
        self._unsent = bytearray()
        self._mid = 0
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        will = _text(self._own + b"/status") + _text(self._status("offline"))
        flags = 0x02 | 0x04 | 0x08 | 0x20  # clean session, will, will QoS 1, will retained
        head = _text(b"MQTT") + bytes([4, flags]) + struct.pack("!H", _KEEPALIVE_S)
        self._send(packet(_CONNECT, 0, head + _text(f"visaged-{device_id}".encode()) + will))

    def read(self) -> None:
        """Take in what has come."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError(f"{self._id}: the broker hung up")
        self._received += chunk
        while (found := self._next()) is not None:
            self._take(*found)

    def work(self, now: float) -> None:
        """Health and keep-alive, when they are due."""
        if now >= self._health_due:
            self._health_due = now + self._health_every_s
            self._publish(b"/health", self._health(), retain=True)
        if now >= self._ping_due:
            self._ping_due = now + _KEEPALIVE_S * 0.8
            self._send(packet(_PINGREQ, 0, b""))

    def flush(self) -> bool:
        """Send what could not be sent; whether all is."""
        try:
            while self._unsent:
                del self._unsent[: self.socket.send(self._unsent)]
        except BlockingIOError:
            return False
        return True

    def _next(self) -> tuple[int, int, bytes] | None:
        data, length, shift, position = self._received, 0, 0, 1
        while True:
            if position >= len(data):
                return None
            length |= (data[position] & 0x7F) << shift
            shift += 7
            position += 1
            if not data[position - 1] & 0x80:
                break
        if len(data) < position + length:
            return None
        body = bytes(data[position : position + length])
        first = data[0]
        del data[: position + length]
        return first >> 4, first & 0x0F, body

    def _take(self, kind: int, flags: int, body: bytes) -> None:
        if kind == _CONNACK:
            assert body[1] == 0, f"{self._id} is refused: {body[1]}"
            topics = (self._own + b"/request/#", b"visaged/group/sim/request/#", b"visaged/all/request/#")
            self._send(packet(_SUBSCRIBE, 2, b"\0\x01" + b"".join(_text(topic) + b"\x01" for topic in topics)))
        elif kind == _SUBACK:
            self._publish(b"/status", self._status("online"), retain=True)
            now = time.monotonic()
            self._publish(b"/health", self._health(), retain=True)
            # Spread over the period, as boxes that were not switched on together are.
            self._health_due = now + random.uniform(0, self._health_every_s)
            self._ping_due = now + random.uniform(0, _KEEPALIVE_S * 0.8)
            self.ready = True
        elif kind == _PUBLISH:
            self._answer(flags, body)

    def _answer(self, flags: int, body: bytes) -> None:
        (size,) = struct.unpack_from("!H", body)
        command = body[2 : 2 + size].rpartition(b"/")[2]
        position = 2 + size
        if flags & 0x06:
            self._send(packet(_PUBACK, 0, body[position : position + 2]))
            position += 2
        transaction = json.loads(body[position:]).get("transaction")
        answer = {"transaction": transaction, "command": command.decode(), "device": self._id, "status": "ok"}
        data = {"version": "0.1.0", "uptime_s": 1.0, "time": "2026-01-01T00:00:00Z"}
        self._publish(b"/response/" + command, json.dumps(answer | {"data": data, "error": None}).encode())

    def _publish(self, suffix: bytes, payload: bytes, retain: bool = False) -> None:
        self._mid = self._mid % 65535 + 1
        body = _text(self._own + suffix) + struct.pack("!H", self._mid) + payload
        self._send(packet(_PUBLISH, 0x02 | retain, body))

    def _send(self, data: bytes) -> None:
        self._unsent += data
        self.flush()

    def _status(self, state: str) -> bytes:
        now = datetime.now(timezone.utc)
        known = {"state": state, "session": self._id, "since": now, "version": "0.1.0", "groups": ("sim",)}
        return BoxStatus.model_validate(known).model_dump_json().encode()

    def _health(self) -> bytes:
        known = {"state": "online", "time": datetime.now(timezone.utc), "uptime_s": 1.0, "version": "0.1.0"}
        figures = {"fps": 60.0, "packets": 123456, "gap_p99_ms": 0.123, "late": 0}
        return Health.model_validate(known | {"livelink": figures}).model_dump_json().encode()


def main(port: int, count: int, health_every_s: float) -> None:
    """Connect, report, serve."""
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    boxes: list[LightBox] = []
    reported = False
    work_at = 0.0
    while True:
        waiting = sum(not box.ready for box in boxes[-_AT_ONCE:])
        while len(boxes) < count and waiting < _AT_ONCE:
            box = LightBox(f"sim-{len(boxes):05}", port, health_every_s)
            selector.register(box.socket, selectors.EVENT_READ, box)
            boxes.append(box)
            waiting += 1
        for key, _ in selector.select(0.02):
            if key.data is None:
                return
            key.data.read()
        now = time.monotonic()
        if now >= work_at:
            work_at = now + 0.05
            for box in boxes:
                box.work(now)
                box.flush()
        if not reported and len(boxes) == count and all(box.ready for box in boxes):
            reported = True
            sys.stdout.write("ready\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
