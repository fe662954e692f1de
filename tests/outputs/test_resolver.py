from __future__ import annotations

import socket
import threading

import pytest

from tests.outputs.boards import FORM, destinations_of, make_board
from tests.patience import PATIENCE_S, wait_until
from visaged.outputs import resolver as resolver_module
from visaged.outputs.board import Address
from visaged.outputs.destinations import split_target
from visaged.outputs.resolver import Resolver, look_up
from visaged.problems import Problems


class Names:
    """A name service whose answers a test changes while it runs."""

    def __init__(self, **known: str) -> None:
        self.known = known
        self.asked: list[str] = []
        self.hung = threading.Event()

    def __call__(self, host: str, port: int) -> Address:
        self.asked.append(host)
        if host == "hangs":
            self.hung.wait(PATIENCE_S)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return Address(socket.AF_INET, self.known[host], port, 0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver_module, "_RETRY_FIRST_S", 0.01)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("192.168.1.20:11111", ("192.168.1.20", 11111)),
        ("pc.local:1", ("pc.local", 1)),
        ("[::1]:11111", ("::1", 11111)),
        ("[fe80::1%eth0]:65535", ("fe80::1%eth0", 65535)),
    ],
)
def test_splitting(target: str, expected: tuple[str, int]) -> None:
    assert split_target(target) == expected


def test_looking_up_numbers() -> None:
    assert look_up("127.0.0.1", 5, socket.AI_NUMERICHOST) == Address(socket.AF_INET, "127.0.0.1", 5, 0)
    assert look_up("::1", 5, socket.AI_NUMERICHOST) == Address(socket.AF_INET6, "::1", 5, 0)
    assert look_up("fe80::1%lo", 5, socket.AI_NUMERICHOST) == Address(socket.AF_INET6, "fe80::1", 5, 1)


def test_ipv4_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", 5, 0, 0)),
        (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 5)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert look_up("localhost", 5).host == "127.0.0.1"


@pytest.mark.parametrize("host", ["192.168.1..20", "a" * 64 + ".de", "a\x00b", "\ud800", "", "\u3002"])
def test_what_cannot_be_a_name_is_a_problem_and_the_others_go_on(host: str) -> None:
    board, problems = make_board(), Problems()
    resolver = Resolver(board, destinations_of(f"{host}:1", "localhost:2"), problems)
    resolver.start()
    wait_until(lambda: [problem.code for problem in problems.current()] == ["livelink_target_0_name"])
    wait_until(lambda: board.address(1) is not None)
    resolver.stop()


def test_numbers_are_there_at_once_and_nobody_is_asked() -> None:
    board, names = make_board(), Names()
    Resolver(board, destinations_of("10.0.0.1:1", "[::1]:2"), Problems(), names).start()
    assert [board.address(number) for number in (0, 1)] == [
        Address(socket.AF_INET, "10.0.0.1", 1, 0, FORM.to_text()),
        Address(socket.AF_INET6, "::1", 2, 0, FORM.to_text()),
    ]
    assert names.asked == []


def test_a_name_that_hangs_does_not_hold_up_another() -> None:
    board, names = make_board(), Names(pc="10.0.0.7")
    resolver = Resolver(board, destinations_of("hangs:1", "pc:2"), Problems(), names)
    resolver.start()
    wait_until(lambda: board.address(1) is not None)
    assert board.address(0) is None
    names.hung.set()
    resolver.stop()


@pytest.mark.usefixtures("quick")
def test_a_name_that_does_not_resolve_is_said_once_and_tried_again() -> None:
    board, names, problems = make_board(), Names(), Problems()
    resolver = Resolver(board, destinations_of("pc:2"), problems, names)
    resolver.start()
    wait_until(lambda: len(names.asked) >= 3)
    (problem,) = problems.current()
    assert "pc" in problem.message
    names.known["pc"] = "10.0.0.7"
    wait_until(lambda: board.address(0) is not None)
    wait_until(lambda: problems.current() == ())
    resolver.stop()


@pytest.mark.usefixtures("quick")
def test_a_name_is_looked_up_again_when_sending_to_it_fails() -> None:
    board, names = make_board(), Names(pc="10.0.0.7")
    resolver = Resolver(board, destinations_of("pc:2"), Problems(), names)
    resolver.start()
    wait_until(lambda: board.address(0) is not None)
    names.known["pc"] = "10.0.0.8"

    def moved() -> bool:
        resolver.nudge(0)
        return board.address(0) == Address(socket.AF_INET, "10.0.0.8", 2, 0, FORM.to_text())

    wait_until(moved)
    resolver.stop()


def test_what_the_resolver_before_found_goes_by_until_it_is_found_anew() -> None:
    board, names = make_board(), Names(pc="10.0.0.7")
    before = Resolver(board, destinations_of("hangs:1", "pc:2"), Problems(), names)
    before.start()
    wait_until(lambda: board.address(1) is not None)
    before.stop()
    after = Resolver(board, destinations_of("pc:2"), Problems(), Names())
    after.start(before.known)
    assert getattr(board.address(0), "host", None) == "10.0.0.7"
    after.stop()
    names.hung.set()


def test_an_answer_that_comes_after_the_end_is_not_used() -> None:
    board, names = make_board(), Names(hangs="10.0.0.7")
    resolver = Resolver(board, destinations_of("hangs:1"), Problems(), names)
    resolver.start()
    wait_until(lambda: names.asked == ["hangs"])
    resolver.stop()
    names.hung.set()
    wait_until(lambda: not any(thread.name == "livelink-resolve-0" for thread in threading.enumerate()))
    assert board.address(0) is None
