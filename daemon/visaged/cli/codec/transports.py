"""How the peer reaches a box: as the other end of a UDP link, or of a broker's topics."""

from __future__ import annotations

import contextlib
import queue
import socket
from typing import Any, Final, Protocol

import paho.mqtt.client as paho

from visaged.codec.frames import CodecMessage, FrameError, decode
from visaged.codec.seal import Seal, SealError
from visaged.config import MqttSettings
from visaged.control.mqtt.tool_client import open_tool_client
from visaged.control.protocol.topics import Topics

_DATAGRAM: Final = 2048
# A second of messages: a peer that does not fetch them is not there.
_WAITING: Final = 16


class Way(Protocol):
    """To one box."""

    name: str
    refused: int
    """Messages that were none."""

    def receive(self, timeout_s: float) -> CodecMessage | None:
        """The next message of the box, None after ``timeout_s``."""
        ...

    def send(self, data: bytes) -> None:
        """To the box, if it is known where it is."""
        ...

    def close(self) -> None:
        """The end."""
        ...


class UdpWay:
    """Answers whoever sent the last message that was one."""

    def __init__(self, host: str, port: int, seal: Seal | None = None) -> None:
        """``seal``: only what bears its key is a message. Raises OSError."""
        self.refused = 0
        self._seal = seal
        self._box: Any = None
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.name = f"UDP port {self._socket.getsockname()[1]}"

    def receive(self, timeout_s: float) -> CodecMessage | None:
        """See above."""
        self._socket.settimeout(max(timeout_s, 1e-4))
        try:
            datagram, sender = self._socket.recvfrom(_DATAGRAM)
            data = datagram if self._seal is None else self._unsealed(self._seal, datagram, sender)
            message = None if data is None else decode(data)
        except (FrameError, SealError):
            self.refused += 1
            return None
        except (TimeoutError, ConnectionError):
            return None  # nothing came; or the box has just stopped
        if message is not None:
            self._box = sender
        return message

    def send(self, data: bytes) -> None:
        """See above."""
        if self._box is not None:
            try:
                self._socket.sendto(data if self._seal is None else self._seal.seal(data), self._box)
            except ConnectionError:
                return  # the answer to the datagram before: the box has just stopped

    def close(self) -> None:
        """See above."""
        self._socket.close()

    def _unsealed(self, seal: Seal, datagram: bytes, sender: Any) -> bytes | None:
        """Raises SealError, ConnectionError."""
        found = seal.unseal(datagram)
        if found.reply is not None:
            self._socket.sendto(found.reply, sender)
        return found.message


class MqttWay:
    """Topics ``codec/up`` and ``codec/down`` of one box. paho's thread receives."""

    def __init__(self, settings: MqttSettings, device_id: str) -> None:
        """Connect and subscribe. Raises MqttError."""
        self.refused = 0
        topics = Topics(settings.base, device_id)
        self.name = f"{topics.codec_up} at {settings.host}:{settings.port}"
        self._up, self._down = topics.codec_up, topics.codec_down
        self._messages: queue.Queue[bytes] = queue.Queue(_WAITING)
        self._client = open_tool_client(settings, "peer")
        self._client.on_connect = self._subscribe
        self._client.on_message = self._on_message
        self._subscribe()
        self._client.loop_start()

    def receive(self, timeout_s: float) -> CodecMessage | None:
        """See above."""
        try:
            data = self._messages.get(timeout=max(timeout_s, 1e-4))
            return decode(data)
        except queue.Empty:
            return None
        except FrameError:
            self.refused += 1
            return None

    def send(self, data: bytes) -> None:
        """See above."""
        self._client.publish(self._down, data, qos=0)

    def close(self) -> None:
        """See above."""
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, *_: Any) -> None:
        """After each time that it was connected (paho's ``on_connect``)."""
        self._client.subscribe(self._up, 0)

    def _on_message(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        if message.retain:
            return
        with contextlib.suppress(queue.Full):  # late frames are worthless
            self._messages.put_nowait(bytes(message.payload))
