from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from fractions import Fraction

import pytest

from tests.outputs.boards import make_board, pose
from visaged.metrics import Histogram
from visaged.outputs import board as board_module
from visaged.outputs.board import MAX_TARGETS, NEVER, SLOTS, Address, Cell, PoseBoard, TargetCell


def test_a_new_board_is_empty() -> None:
    board = make_board(Fraction(30000, 1001), 5)
    assert (board.schedule.rate_hz, board.schedule.epoch_ns) == (Fraction(30000, 1001), 5)
    assert board.cells[Cell.STOP_TICK] == NEVER
    assert board.slot(0) is None
    assert board.newest_slot(NEVER) is None
    assert all(board.address(number) is None for number in range(MAX_TARGETS))


def test_a_pose_comes_back_as_it_lies_in_a_packet() -> None:
    board = make_board()
    board.publish(3, [index / 64 for index in range(61)], 1234)
    slot = board.slot(3)
    assert slot is not None
    assert (slot.tick, slot.media_time_ns) == (3, 1234)
    assert struct.unpack(">61f", slot.curves) == tuple(index / 64 for index in range(61))
    assert board.cells[Cell.PUBLISHED_TICK] == 3


def test_a_slot_is_used_again() -> None:
    board = make_board()
    for tick in range(SLOTS + 1):
        board.publish(tick, pose(tick))
    assert board.slot(0) is None
    assert board.slot(1) is not None
    assert board.slot(SLOTS) is not None


def test_the_newest_pose_that_is_not_for_later() -> None:
    board = make_board()
    for tick in (4, 5, 7):
        board.publish(tick, pose(tick))
    found = [board.newest_slot(tick) for tick in (3, 4, 6, 7, 100)]
    assert [slot and slot.tick for slot in found] == [None, 4, 5, 7, 7]


def test_a_half_written_pose_is_not_there() -> None:
    board = make_board()
    board.publish(1, pose(1))
    board.publish(2, pose(2))
    board._slots[2]._content[40] ^= 1
    assert board.slot(2) is None
    newest = board.newest_slot(2)
    assert newest is not None
    assert newest.tick == 1


def test_no_torn_pose_is_ever_read() -> None:
    board = make_board()
    done = threading.Event()

    def write() -> None:
        tick = 0
        while not done.is_set():
            board.publish(tick, pose(tick % 1000))
            tick += 1

    writer = threading.Thread(target=write)
    writer.start()
    seen = 0
    try:
        while seen < 2000:
            slot = board.newest_slot(NEVER)
            if slot is not None:
                assert set(struct.unpack(">61f", slot.curves)) == {float(slot.tick % 1000)}
                seen += 1
    finally:
        done.set()
        writer.join()


def test_another_process_sees_the_same_board() -> None:
    board, fd = PoseBoard.create(Fraction(60), 0)
    board.publish(9, pose(0.5))
    code = (
        "import sys; from visaged.outputs.board import *\n"
        f"board = PoseBoard({fd}); board.cells[Cell.SENT_TICK] = board.newest_slot(10).tick\n"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], pass_fds=[fd], check=True)
    os.close(fd)
    assert board.cells[Cell.SENT_TICK] == 9


def test_addresses_by_target() -> None:
    board = make_board()
    address = Address(socket.AF_INET6, "fe80::1", 11111, 3)
    before = board.cells[Cell.ADDRESSES]
    board.set_address(2, address)
    assert board.address(2) == address
    assert board.address(1) is None
    assert board.cells[Cell.ADDRESSES] > before
    assert not board.is_vacant(2)
    board.clear_address(2)
    assert board.address(2) is None
    assert board.is_vacant(2)


def test_a_form_that_does_not_fit_is_refused_whole() -> None:
    board = make_board()
    with pytest.raises(ValueError, match="193 bytes, at most 192"):
        board.set_address(0, Address(socket.AF_INET, "10.0.0.1", 1, 0, "x" * 193))
    assert board.address(0) is None


def test_cells_slots_and_addresses_do_not_overlap() -> None:
    board = make_board()
    for cell in range(board_module._CELLS):
        board.cells[cell] = cell
    for tick in range(SLOTS):
        board._slots[tick].write(tick, tick, *pose(tick))
    for number in range(MAX_TARGETS):
        board._addresses[number].write(1, number, 2, 1, 1, b"h", b"f")
    assert list(board.cells) == list(range(board_module._CELLS))
    assert all(board.slot(tick) is not None for tick in range(SLOTS))
    assert [getattr(board.address(number), "port", None) for number in range(MAX_TARGETS)] == list(range(MAX_TARGETS))


def test_histograms_and_counters_are_separate() -> None:
    board = make_board()
    gap, latency = Histogram(board.gap_error_cells), Histogram(board.voice_to_packet_cells)
    gap.record_ns(1_000_000)
    latency.record_ns(50_000_000)
    board.cells[board.target_cell(MAX_TARGETS - 1, TargetCell.ERRNO)] = 7
    assert (gap.read().count, gap.read().largest_us) == (1, 1000)
    assert (latency.read().count, latency.read().largest_us) == (1, 50_000)
