from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE_S, wait_until
from visaged.codec.seal import Role, Seal
from visaged.codec.udp import PROBLEM, UdpLink
from visaged.metrics import Metrics
from visaged.problems import Problems


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(PATIENCE_S)
        yield peer


class Box:
    """A link to ``port`` and what it brought."""

    def __init__(self, port: int, host: str = "127.0.0.1", seal: Seal | None = None) -> None:
        self.taken: list[bytes] = []
        self.problems = Problems()
        self.metrics = Metrics()
        self.link = UdpLink(host, port, self.taken.append, self.metrics, self.problems, seal=seal)
        self.link.start()

    def complains(self) -> bool:
        return any(problem.code == PROBLEM for problem in self.problems.current())


def test_messages_go_to_the_peer_and_come_from_it(peer: socket.socket) -> None:
    box = Box(peer.getsockname()[1])
    wait_until(lambda: box.link.send(b"up"))
    message, address = peer.recvfrom(100)
    assert message == b"up"
    peer.sendto(b"down", address)
    wait_until(lambda: box.taken == [b"down"])
    box.link.stop()
    assert not box.link.send(b"late")


def test_a_stranger_is_not_heard(peer: socket.socket) -> None:
    box = Box(peer.getsockname()[1])
    wait_until(lambda: box.link.send(b"up"))
    _, address = peer.recvfrom(100)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"strange", address)
    peer.sendto(b"down", address)
    wait_until(lambda: bool(box.taken))
    assert box.taken == [b"down"]
    box.link.stop()


def test_a_peer_that_is_not_there_is_a_problem_until_it_speaks(peer: socket.socket) -> None:
    port = peer.getsockname()[1]
    peer.close()
    box = Box(port)
    wait_until(lambda: box.link.send(b"up") and box.complains())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
        late.bind(("127.0.0.1", port))
        late.settimeout(0.1)

        def answered() -> bool:
            box.link.send(b"up")
            try:
                late.sendto(b"down", late.recvfrom(100)[1])
            except TimeoutError:
                return False
            return True

        wait_until(answered)
        wait_until(lambda: not box.complains())
    box.link.stop()


def test_a_name_that_does_not_resolve_is_a_problem_and_stops_cleanly() -> None:
    box = Box(5004, "no-such-host.invalid")
    wait_until(box.complains)
    assert not box.link.send(b"up")
    box.link.stop()
    assert not box.complains()


def test_a_port_that_is_taken_is_a_problem(peer: socket.socket) -> None:
    problems = Problems()
    port = peer.getsockname()[1]
    link = UdpLink("127.0.0.1", 9, lambda message: None, Metrics(), problems, local_port=port)
    link.start()
    wait_until(lambda: bool(problems.current()))
    link.stop()


def test_under_a_key_a_forged_address_does_not_make_the_box_talk(peer: socket.socket) -> None:
    box, brain = Box(peer.getsockname()[1], seal=Seal(b"k" * 32, Role.BOX)), Seal(b"k" * 32, Role.BRAIN)
    hello, address = peer.recvfrom(100)
    # From the peer's own address, as a forger's would be: open, under another key, and the box's own words.
    forged = (b"open", Seal(b"x" * 32, Role.BRAIN).seal(b"forged"), hello)
    for datagram in forged:
        peer.sendto(datagram, address)
    wait_until(lambda: box.metrics.counter("codec.forged").value == len(forged))
    assert box.complains()
    reply = brain.unseal(hello).reply
    assert reply is not None
    peer.sendto(reply, address)
    wait_until(lambda: brain.unseal(peer.recv(100)).message is None and brain.proven)
    said = brain.seal(b"down")
    for datagram in (said, said):
        peer.sendto(datagram, address)
    wait_until(lambda: box.metrics.counter("codec.forged").value == len(forged) + 1)
    assert box.taken == [b"down"]
    assert not box.complains()
    assert box.link.send(b"up")
    wait_until(lambda: brain.unseal(peer.recv(100)).message == b"up")
    box.link.stop()
