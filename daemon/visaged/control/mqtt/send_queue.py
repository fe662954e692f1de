"""What waits to be published: in memory, bounded, in order; a message leaves when the broker has acknowledged it.

``put`` may be called on any thread; everything else belongs to the MQTT thread.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["status", "health", "event", "response", "discovery", "codec"]

OWN_STATE: Final[tuple[Kind, ...]] = ("status", "health", "discovery")
"""What is only true of one connection or moment."""

# Ten minutes without a broker at several events per second; 2 MiB is what a box can spare for it.
MAX_MESSAGES: Final = 4096
MAX_BYTES: Final = 2 << 20


@dataclass(frozen=True)
class OutgoingMessage:
    """One message to publish."""

    kind: Kind
    topic: str
    payload: bytes
    qos: Literal[0, 1] = 1
    retain: bool = False
    correlation: bytes | None = None
    """MQTT 5 correlation data of the request that this answers."""

    @property
    def size(self) -> int:
        """What it holds of memory, bytes."""
        return len(self.payload) + len(self.topic) + len(self.correlation or b"")


class SendQueue:
    """A queue with two ends: waiting, and flying (sent, not yet acknowledged)."""

    def __init__(self, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._waiting: deque[OutgoingMessage] = deque()
        self._flying: OrderedDict[int, OutgoingMessage] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self.dropped: Counter[Kind] = Counter()
        """Messages that were not published, by kind."""

    def __len__(self) -> int:
        return len(self._waiting) + len(self._flying)

    @property
    def flying(self) -> int:
        """How many wait for their acknowledgement."""
        return len(self._flying)

    def put(self, message: OutgoingMessage, first: bool = False) -> None:
        """Queue a message. A retained one replaces that of its topic; when full the oldest event or answer goes."""
        with self._lock:
            if message.retain:
                self._forget_topic(message.topic)
            self._bytes += message.size
            if first:
                self._waiting.appendleft(message)
            else:
                self._waiting.append(message)
            while len(self) > self._max_messages or self._bytes > self._max_bytes:
                if not self._drop_oldest():
                    break

    def take(self) -> OutgoingMessage | None:
        """The next message to send, None when none waits."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def sent(self, mid: int, message: OutgoingMessage) -> None:
        """``message`` went out under ``mid``; with QoS 0 that is all, else ``acknowledged`` follows."""
        with self._lock:
            if message.qos == 0:
                self._bytes -= message.size
            else:
                self._flying[mid] = message

    def acknowledged(self, mid: int, refused: bool = False) -> OutgoingMessage | None:
        """The broker has it, or will not have it; None when it is not one of ours."""
        with self._lock:
            message = self._flying.pop(mid, None)
            if message is not None:
                self._bytes -= message.size
                if refused:
                    self.dropped[message.kind] += 1
            return message

    def land(self) -> None:
        """The connection is gone: what was flying waits again, before everything else, in its order."""
        with self._lock:
            self._waiting.extendleft(reversed(self._flying.values()))
            self._flying.clear()

    def limit(self, kind: Kind, most: int) -> None:
        """Drop the oldest of what waits of one kind, until another one makes ``most``; counted."""
        with self._lock:
            waiting = [message for message in self._waiting if message.kind == kind]
            for message in waiting[: max(len(waiting) - most + 1, 0)]:
                self._waiting.remove(message)
                self._bytes -= message.size
                self.dropped[kind] += 1

    def clear(self, kind: Kind) -> None:
        """Forget what waits of one kind, without counting it (it is out of date)."""
        with self._lock:
            for message in [message for message in self._waiting if message.kind == kind]:
                self._waiting.remove(message)
                self._bytes -= message.size

    def _forget_topic(self, topic: str) -> None:
        for message in [message for message in self._waiting if message.retain and message.topic == topic]:
            self._waiting.remove(message)
            self._bytes -= message.size

    def _drop_oldest(self) -> bool:
        for message in self._waiting:
            if not message.retain:
                self._waiting.remove(message)
                self._bytes -= message.size
                self.dropped[message.kind] += 1
                return True
        return False
