from __future__ import annotations

import errno
import socket
import time
from fractions import Fraction

import pytest

from visaged.outputs.livelink.packet import LiveLinkPacket, encode
from visaged.outputs.receiver import MAX_SENDERS, Receiver


def face(device_id: str, subject: str = "s", frame: int = 1) -> bytes:
    return encode(LiveLinkPacket(device_id, subject, frame, 0.0, Fraction(60), (0.5,) * 61))


def send(receiver: Receiver, *datagrams: bytes, host: str = "127.0.0.1") -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, (host, receiver.port))


def test_two_faces_are_kept_apart_by_device_id() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver, face("A", "same"), face("B", "same"), face("A", "same", 2))
        assert receiver.receive(5) == 3
        assert {device: stream.figures(0).packets for device, stream in receiver.streams.items()} == {"A": 2, "B": 1}
        assert receiver.senders["A"] == "127.0.0.1"


def test_the_kernel_says_when_a_packet_came() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        before_ns = time.time_ns()
        send(receiver, face("A"))
        time.sleep(0.2)
        read_ns = time.time_ns()
        receiver.receive(5)
        # Not when it was read, which is later. The kernel may hand a packet on a moment after it was sent.
        assert before_ns <= receiver.streams["A"].time_ns < read_ns


def test_other_datagrams_are_refused_with_the_reason() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver, b"hello", b"", face("A"))
        receiver.receive(5)
        assert receiver.refused == 2
        assert "version" in receiver.refusal
        assert "127.0.0.1" in receiver.refusal
        assert list(receiver.streams) == ["A"]


def test_a_flood_of_senders_is_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visaged.outputs.receiver.MAX_OTHERS", 20)
    with Receiver("127.0.0.1", 0) as receiver:
        for number in range(MAX_SENDERS + 50):
            send(receiver, face(f"D{number}"), face(f"D{number}", frame=2))
            receiver.receive(5)
            assert receiver.others == min(max(number + 1 - MAX_SENDERS, 0), 20)
        assert list(receiver.streams) == [f"D{number}" for number in range(MAX_SENDERS)]
        assert receiver.senders.keys() == receiver.streams.keys()


def test_who_is_gone_gives_up_the_place() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver, *(face(f"D{number}") for number in range(MAX_SENDERS + 1)))
        receiver.receive(5)
        assert (f"D{MAX_SENDERS}" in receiver.streams, receiver.others) == (False, 1)
        receiver.streams["D7"].time_ns -= 11 * 10**9
        send(receiver, face(f"D{MAX_SENDERS}"))
        receiver.receive(5)
        assert (f"D{MAX_SENDERS}" in receiver.streams, "D7" in receiver.streams, receiver.others) == (True, False, 0)


def test_a_flood_does_not_keep_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visaged.outputs.receiver._AT_ONCE", 10)
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver, *(face("A", frame=frame) for frame in range(25)))
        assert [receiver.receive(5) for _ in range(3)] == [10, 10, 5]


def test_ipv6() -> None:
    with Receiver("::1", 0) as receiver:
        send(receiver, face("A"), host="::1")
        assert receiver.receive(5) == 1


def test_nothing_comes() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        assert receiver.receive(0.01) == 0


def test_a_port_that_is_taken() -> None:
    with Receiver("127.0.0.1", 0) as receiver, pytest.raises(OSError, match="in use") as raised:
        Receiver("127.0.0.1", receiver.port)
    assert raised.value.errno == errno.EADDRINUSE
