from __future__ import annotations

import errno
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.outputs.boards import listen, make_board, unused_port
from tests.patience import PATIENCE_S
from visaged.outputs.board import Address, PoseBoard, TargetCell
from visaged.outputs.targets import Targets

REPOSITORY = Path(__file__).parents[2]


def counts(board: PoseBoard, number: int) -> tuple[int, ...]:
    return tuple(board.cells[board.target_cell(number, cell)] for cell in TargetCell)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_packet_arrives(family: socket.AddressFamily) -> None:
    board = make_board()
    sink, address = listen(family)
    with sink:
        board.set_address(0, address)
        targets = Targets(board)
        targets.send(bytearray(b"face"))
        assert sink.recv(100) == b"face"
        targets.close()
    assert counts(board, 0) == (1, 0, 0)


def test_a_target_without_an_address_is_left_out_until_it_has_one() -> None:
    board = make_board()
    (first, first_at), (second, second_at) = listen(), listen()
    with first, second:
        board.set_address(1, first_at)
        targets = Targets(board)
        targets.send(bytearray(b"one"))
        board.set_address(0, second_at)
        targets.refresh()
        targets.send(bytearray(b"two"))
        assert [first.recv(9), first.recv(9), second.recv(9)] == [b"one", b"two", b"two"]


def test_a_target_that_moves_is_followed() -> None:
    board = make_board()
    (old, old_at), (new, new_at) = listen(), listen()
    with old, new:
        board.set_address(0, old_at)
        targets = Targets(board)
        board.set_address(0, new_at)
        targets.refresh()
        targets.send(bytearray(b"x"))
        assert new.recv(9) == b"x"
        old.setblocking(False)
        with pytest.raises(BlockingIOError):
            old.recv(9)


def test_nobody_listening_is_counted_and_the_others_get_every_packet() -> None:
    board = make_board()
    sink, address = listen()
    with sink:
        board.set_address(0, Address(socket.AF_INET, "127.0.0.1", unused_port(), 0))
        board.set_address(1, address)
        targets = Targets(board)
        for _ in range(50):
            targets.send(bytearray(b"x"))
            time.sleep(0.0005)
        assert [sink.recv(9) for _ in range(50)] == [b"x"] * 50
    assert counts(board, 1) == (50, 0, 0)
    sent, errors, reason = counts(board, 0)
    assert errors >= 40
    assert reason == errno.ECONNREFUSED
    # The refusal of the packet before must not cost the packet of now.
    assert sent >= 45


def test_a_receiver_that_starts_later_gets_the_very_next_packet() -> None:
    board = make_board()
    port = unused_port()
    board.set_address(0, Address(socket.AF_INET, "127.0.0.1", port, 0))
    targets = Targets(board)
    for _ in range(5):
        targets.send(bytearray(b"early"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", port))
        sink.settimeout(PATIENCE_S)
        targets.send(bytearray(b"now"))
        assert sink.recv(9) == b"now"


def test_what_the_kernel_refuses_is_counted() -> None:
    board = make_board()
    # Broadcast, which a socket must be allowed first.
    board.set_address(0, Address(socket.AF_INET, "255.255.255.255", 11111, 0))
    targets = Targets(board)
    targets.send(bytearray(b"x"))
    assert counts(board, 0) == (0, 2, errno.EACCES)


def test_an_unreachable_network_is_counted() -> None:
    code = (
        "import socket; from tests.outputs.boards import make_board; from visaged.outputs.board import *\n"
        "from visaged.outputs.targets import Targets\n"
        "board = make_board(); board.set_address(0, Address(socket.AF_INET, '192.0.2.1', 11111, 0))\n"
        "Targets(board).send(bytearray(b'x'))\n"
        "print(*(board.cells[board.target_cell(0, cell)] for cell in TargetCell))"
    )
    # A network namespace of its own has no routes.
    apart = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    if apart.stderr.startswith("unshare:"):
        pytest.skip(apart.stderr)
    assert apart.stdout.split() == ["0", "2", str(errno.ENETUNREACH)], apart.stderr
