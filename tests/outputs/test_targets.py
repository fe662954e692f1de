from __future__ import annotations

import errno
import socket
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from tests.outputs.boards import FORM, address, listen, make_board, moment, unused_port
from tests.patience import PATIENCE_S
from visaged.outputs.board import PoseBoard, TargetCell
from visaged.outputs.livelink.packet import decode
from visaged.outputs.targets import Targets

REPOSITORY = Path(__file__).parents[2]


def shown(sink: socket.socket) -> float:
    return decode(sink.recv(2000)).curves[0]


def counts(board: PoseBoard, number: int) -> tuple[int, ...]:
    return tuple(board.cells[board.target_cell(number, cell)] for cell in TargetCell)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_packet_arrives(family: socket.AddressFamily) -> None:
    board = make_board()
    sink, where = listen(family)
    with sink:
        board.set_address(0, where)
        targets = Targets(board)
        targets.send(moment(0.5))
        assert shown(sink) == 0.5
        targets.close()
    assert counts(board, 0) == (1, 0, 0)


def test_a_target_without_an_address_is_left_out_until_it_has_one() -> None:
    board = make_board()
    (first, first_at), (second, second_at) = listen(), listen()
    with first, second:
        board.set_address(1, first_at)
        targets = Targets(board)
        targets.send(moment(0.25))
        board.set_address(0, second_at)
        targets.refresh()
        targets.send(moment(0.5))
        assert [shown(first), shown(first), shown(second)] == [0.25, 0.5, 0.5]


def test_a_target_that_moves_is_followed() -> None:
    board = make_board()
    (old, old_at), (new, new_at) = listen(), listen()
    with old, new:
        board.set_address(0, old_at)
        targets = Targets(board)
        board.set_address(0, new_at)
        targets.refresh()
        targets.send(moment(0.5))
        assert shown(new) == 0.5
        old.setblocking(False)
        with pytest.raises(BlockingIOError):
            old.recv(9)


def test_nobody_listening_is_counted_and_the_others_get_every_packet() -> None:
    board = make_board()
    sink, where = listen()
    with sink:
        board.set_address(0, address("127.0.0.1", unused_port()))
        board.set_address(1, where)
        targets = Targets(board)
        for _ in range(50):
            targets.send(moment(0.5))
            time.sleep(0.0005)
        assert [shown(sink) for _ in range(50)] == [0.5] * 50
    assert counts(board, 1) == (50, 0, 0)
    sent, errors, reason = counts(board, 0)
    assert errors >= 40
    assert reason == errno.ECONNREFUSED
    # The refusal of the packet before must not cost the packet of now.
    assert sent >= 45


def test_a_receiver_that_starts_later_gets_the_very_next_packet() -> None:
    board = make_board()
    port = unused_port()
    board.set_address(0, address("127.0.0.1", port))
    targets = Targets(board)
    for _ in range(5):
        targets.send(moment(0.25))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", port))
        sink.settimeout(PATIENCE_S)
        targets.send(moment(0.75))
        assert shown(sink) == 0.75


def test_what_the_kernel_refuses_is_counted() -> None:
    board = make_board()
    # Broadcast, which a socket must be allowed first.
    board.set_address(0, address("255.255.255.255", 11111))
    targets = Targets(board)
    targets.send(moment(0.5))
    assert counts(board, 0) == (0, 2, errno.EACCES)


def test_an_unreachable_network_is_counted() -> None:
    code = (
        "from tests.outputs.boards import address, make_board, moment; from visaged.outputs.board import *\n"
        "from visaged.outputs.targets import Targets\n"
        "board = make_board(); board.set_address(0, address('192.0.2.1', 11111))\n"
        "Targets(board).send(moment(0.5))\n"
        "print(*(board.cells[board.target_cell(0, cell)] for cell in TargetCell))"
    )
    # A network namespace of its own has no routes.
    apart = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    if apart.stderr.startswith("unshare:"):
        pytest.skip(apart.stderr)
    assert apart.stdout.split() == ["0", "2", str(errno.ENETUNREACH)], apart.stderr


def test_a_target_that_is_gone_gets_nothing_more_and_the_others_go_on() -> None:
    board = make_board()
    (gone, gone_at), (stays, stays_at) = listen(), listen()
    with gone, stays:
        board.set_address(0, gone_at)
        board.set_address(1, stays_at)
        targets = Targets(board)
        board.clear_address(0)
        targets.refresh()
        targets.send(moment(0.5))
        assert shown(stays) == 0.5
        gone.setblocking(False)
        with pytest.raises(BlockingIOError):
            gone.recv(9)


def test_an_address_that_is_being_written_leaves_the_target_where_it_is() -> None:
    board = make_board()
    sink, where = listen()
    with sink:
        board.set_address(0, where)
        targets = Targets(board)
        board._addresses[0]._content[0] ^= 1
        board.set_address(1, address("127.0.0.1", unused_port()))
        targets.refresh()
        targets.send(moment(0.5))
        assert shown(sink) == 0.5


def test_each_target_has_its_own_subject_and_rate() -> None:
    board = make_board()
    (all_of_it, first_at), (less, second_at) = listen(), listen()
    slow = FORM._replace(rate_hz=Fraction(48), name="slow", detail="OTHER")
    with all_of_it, less:
        board.set_address(0, first_at)
        board.set_address(1, second_at._replace(form=slow.to_text()))
        targets = Targets(board)
        for tick in range(120):
            targets.send(moment(tick / 128, tick))
        assert [decode(all_of_it.recv(2000)).frame for _ in range(120)] == list(range(120))
        packets = [decode(less.recv(2000)) for _ in range(48)]
        less.setblocking(False)
        with pytest.raises(BlockingIOError):
            less.recv(9)
    assert {(packet.subject, packet.device_id, packet.rate_hz) for packet in packets} == {("slow", "OTHER", 48)}
    # The same instants, counted in its own frames.
    for packet in packets:
        assert packet.scene_time_s == pytest.approx(packet.curves[0] * 128 / 120, abs=1e-6)


def test_the_last_face_reaches_a_target_whose_turn_it_is_not() -> None:
    board = make_board()
    sink, where = listen()
    with sink:
        board.set_address(0, where._replace(form=FORM._replace(rate_hz=Fraction(24)).to_text()))
        targets = Targets(board)
        targets.send(moment(0.25, 1))
        targets.send(moment(0.0, 2), last=True)
        assert shown(sink) == 0.0
