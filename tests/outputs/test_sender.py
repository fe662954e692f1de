from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction

from tests.outputs.boards import listen, make_board, pose
from tests.patience import PATIENCE_S, wait_until
from visaged.clock import NS_PER_MS, now_ns
from visaged.metrics import Histogram
from visaged.outputs.board import NEVER, SLOTS, Cell, PoseBoard
from visaged.outputs.livelink.packet import LiveLinkPacket, decode
from visaged.outputs.livelink.scene_time import DAY_NS, SceneTime
from visaged.outputs.sender import Sender

RATE = Fraction(120)
# Far from midnight, whatever the monotonic clock says.
NOON_NS = -now_ns() + DAY_NS // 2


@contextmanager
def running(board: PoseBoard, orphaned: Callable[[], bool] = lambda: False) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=Sender(board).run, args=(orphaned,))
    thread.start()
    try:
        yield thread
    finally:
        board.cells[Cell.STOP_TICK] = 0
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def receive(sink: socket.socket, count: int) -> list[LiveLinkPacket]:
    return [decode(sink.recv(2000)) for _ in range(count)]


def test_each_tick_shows_its_own_pose() -> None:
    board = make_board(RATE)
    sink, address = listen()
    board.set_address(0, address)
    for tick in range(SLOTS):
        board.publish(tick, pose(tick / 64))
    sender, scene_time = Sender(board), SceneTime(RATE, NOON_NS, 0)
    with sink:
        for tick in range(SLOTS):
            sender._send(tick, scene_time)
        packets = receive(sink, SLOTS)
    assert [packet.curves[0] * 64 for packet in packets] == list(range(SLOTS))
    totals = [packet.frame + packet.sub_frame for packet in packets]
    assert [round(total - totals[0], 3) for total in totals] == list(range(SLOTS))
    assert {(packet.device_id, packet.subject, packet.rate_hz) for packet in packets} == {("DEVICE", "face", RATE)}
    assert board.cells[Cell.LATE] == 0


def test_nothing_is_sent_before_the_first_pose() -> None:
    board = make_board(RATE)
    sink, address = listen()
    board.set_address(0, address)
    ticks: list[int] = []

    def tick() -> bool:
        ticks.append(board.cells[Cell.TICKS])
        return False

    with sink, running(board, orphaned=tick):
        wait_until(lambda: len(ticks) >= 5, "five ticks without a pose")
        assert not any(ticks)
        board.publish(0, pose(0.5))
        assert receive(sink, 1)[0].curves[0] == 0.5


def test_a_pose_that_does_not_come_is_counted_and_the_last_one_stays() -> None:
    board = make_board(RATE)
    sink, address = listen()
    board.set_address(0, address)
    board.publish(0, pose(0.25))
    with sink, running(board):
        packets = receive(sink, 10)
    assert {packet.curves[0] for packet in packets} == {0.25}
    times = [packet.scene_time_s for packet in packets]
    assert times == sorted(set(times))
    assert board.cells[Cell.LATE] >= 9


def test_the_face_never_goes_back_to_an_older_pose() -> None:
    board = make_board(RATE)
    sink, address = listen()
    board.set_address(0, address)
    far = board.schedule.tick_at(now_ns())
    board.publish(far, pose(0.75))
    with sink, running(board):
        receive(sink, 2)
        # Its slot is taken by a pose for much later; what the ring then holds that is due is older.
        board._slots[(far + 1) % SLOTS].write(far + 1 - SLOTS, 0, *pose(0.1))
        board._slots[far % SLOTS].write(far + 1000 * SLOTS, 0, *pose(0.2))
        assert {packet.curves[0] for packet in receive(sink, 20)} == {0.75}


def test_it_sends_the_stop_tick_and_ends() -> None:
    board = make_board(RATE)
    sink, address = listen()
    board.set_address(0, address)
    with sink, running(board) as thread:
        last = board.schedule.tick_at(now_ns()) + 6
        for tick in range(last - 5, last + 1):
            board.publish(tick, pose(tick - last))
        board.cells[Cell.STOP_TICK] = last
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        sink.setblocking(False)
        curves = []
        try:
            while True:
                curves.append(decode(sink.recv(2000)).curves[0])
        except BlockingIOError:
            pass
    assert curves[-1] == 0.0
    assert board.cells[Cell.SENT_TICK] >= last


def test_without_a_parent_it_ends() -> None:
    board = make_board(RATE)
    with running(board, orphaned=lambda: True) as thread:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        assert board.cells[Cell.STOP_TICK] == NEVER


def test_it_measures_gaps_and_the_way_from_voice_to_packet() -> None:
    board = make_board(RATE)
    board.publish(0, pose(0), now_ns() - 500 * NS_PER_MS)
    with running(board):
        wait_until(lambda: board.cells[Cell.TICKS] >= 5)
    gaps, latency = Histogram(board.gap_error_cells).read(), Histogram(board.voice_to_packet_cells).read()
    assert gaps.count == board.cells[Cell.TICKS] - 1
    assert latency.count == board.cells[Cell.TICKS]
    assert (latency.percentile_ms(1) or 0) >= 500


def test_a_pose_that_shows_no_audio_is_not_measured() -> None:
    board = make_board(RATE)
    board.publish(0, pose(0))
    with running(board):
        wait_until(lambda: board.cells[Cell.TICKS] >= 3)
    assert Histogram(board.voice_to_packet_cells).read().count == 0


def test_the_next_sender_counts_what_was_not_sent_and_goes_on_in_scene_time() -> None:
    board = make_board(RATE)
    sink, address = listen()
    board.set_address(0, address)
    board.publish(0, pose(0))
    with sink:
        with running(board):
            (first, *_) = receive(sink, 3)
        sent = board.cells[Cell.SENT_TICK]
        board.cells[Cell.STOP_TICK] = NEVER
        # As if the wall clock had been set back before the second one starts.
        board.cells[Cell.SCENE_LEAD_NS] = 3600 * 1_000_000_000
        wait_until(lambda: board.schedule.tick_at(now_ns()) > sent + 10)
        with running(board):
            sink.setblocking(False)
            wait_until(lambda: board.cells[Cell.SENT_TICK] > sent)
        second = decode(sink.recv(2000))
        while second.scene_time_s - first.scene_time_s < 3600:
            second = decode(sink.recv(2000))
    assert board.cells[Cell.SKIPPED] >= 10
