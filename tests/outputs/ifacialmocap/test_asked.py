from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from tests.outputs.boards import make_board
from tests.patience import wait_until
from visaged.outputs.board import PoseBoard, TargetCell
from visaged.outputs.form import Form
from visaged.outputs.ifacialmocap.asked import Asked
from visaged.outputs.ifacialmocap.leases import SECRET
from visaged.problems import Problems

ASK = f"iFacialMocap_{SECRET}".encode()
NUMBERS = range(24, 27)


@contextmanager
def listening(port: int = 0) -> Iterator[tuple[PoseBoard, Asked, Problems]]:
    board, problems = make_board(), Problems()
    asked = Asked(board, NUMBERS, Fraction(60), problems, port)
    asked.start()
    try:
        yield board, asked, problems
    finally:
        asked.stop()


def ask(port: int, datagram: bytes = ASK, host: str = "127.0.0.1") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind((host, 0))
        asker.sendto(datagram, ("127.0.0.1", port))


def test_who_asks_is_put_on_the_board_and_taken_off_at_the_end() -> None:
    with listening() as (board, asked, _):
        wait_until(lambda: asked.port != 0)
        ask(asked.port, ASK + b"|sendDataVersion=v2")
        wait_until(lambda: board.address(24) is not None)
        address = board.address(24)
        assert address is not None
        # Not to the port that it was asked from.
        assert (address.host, address.port) == ("127.0.0.1", asked.port)
        assert Form.from_text(address.form) == Form("ifacialmocap", Fraction(60), "2")
        assert asked.receivers == 1
    assert board.address(24) is None


def test_a_receiver_that_has_gone_is_let_go_and_may_ask_again() -> None:
    with listening() as (board, asked, _):
        wait_until(lambda: asked.port != 0)
        ask(asked.port)
        wait_until(lambda: board.address(24) is not None)
        board.cells[board.target_cell(24, TargetCell.ERRORS)] += 3
        wait_until(lambda: board.address(24) is None)
        ask(asked.port)
        wait_until(lambda: board.address(24) is not None)


def test_a_storm_is_counted_and_bounded() -> None:
    with listening() as (board, asked, _):
        wait_until(lambda: asked.port != 0)
        for number in range(200):
            ask(asked.port, host=f"127.0.1.{number + 1}")
            ask(asked.port, b"nonsense")
        wait_until(lambda: asked.requests >= 100)
        assert asked.refused > 0
        assert sum(board.address(number) is not None for number in range(32)) <= len(NUMBERS)


def test_a_port_that_is_taken_is_a_problem_until_it_is_free() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 0))
        with listening(other.getsockname()[1]) as (_, _, problems):
            wait_until(lambda: [problem.code for problem in problems.current()] == ["ifacialmocap_port"])
        assert problems.current() == ()
