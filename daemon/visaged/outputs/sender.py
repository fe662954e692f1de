"""The paced sender: one face per tick of an absolute schedule, the newest pose that there is, in every protocol.

It never waits for a pose. Runs as a process of its own (``process.py``), started small and early.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable

from visaged.clock import NS_PER_S, now_ns, sleep_until
from visaged.metrics import Histogram
from visaged.outputs.board import MILLION, Cell, PoseBoard, Slot
from visaged.outputs.encoders import Moment
from visaged.outputs.livelink.scene_time import SceneState, SceneTime, read_wall_clock
from visaged.outputs.targets import Targets
from visaged.realtime import go_realtime, keep_in_memory, name_process


class Sender:
    """Sends what lies on a board, tick after tick, on the thread that calls ``run``."""

    def __init__(self, board: PoseBoard) -> None:
        self._board = board
        self._cells = board.cells
        self._schedule = board.schedule
        self._targets = Targets(board)
        self._gap_error = Histogram(board.gap_error_cells)
        self._voice_to_packet = Histogram(board.voice_to_packet_cells)
        self._shown: Slot | None = None

    def run(self, orphaned: Callable[[], bool]) -> None:
        """Send until the board's stop tick has been sent, or ``orphaned`` says that the daemon is gone."""
        cells, schedule = self._cells, self._schedule
        tick = max(schedule.tick_at(now_ns()) + 1, cells[Cell.SENT_TICK] + 1)
        if cells[Cell.TICKS]:
            # The sender before this one died: what it did not send counts.
            cells[Cell.SKIPPED] += tick - cells[Cell.SENT_TICK] - 1
        scene_time = self._resume_scene_time(schedule.time_ns(tick))
        wall_clock_due_ns = now_ns() + NS_PER_S
        while True:
            sleep_until(schedule.time_ns(tick))
            self._send(tick, scene_time)
            # Everything that can be done between ticks is done here, after the packet has left.
            if tick >= cells[Cell.STOP_TICK] or orphaned():
                break
            self._targets.refresh()
            now = now_ns()
            if now >= wall_clock_due_ns:
                wall_clock_due_ns = now + NS_PER_S
                scene_time.observe(read_wall_clock())
                self._keep(scene_time)
                now = now_ns()
            # What should have gone out while this process did not run is out of date: never send a burst.
            upcoming = max(tick + 1, schedule.tick_at(now))
            cells[Cell.SKIPPED] += upcoming - tick - 1
            tick = upcoming
        self._targets.close()

    def _send(self, tick: int, scene_time: SceneTime) -> None:
        slot = self._board.slot(tick)
        if slot is None:
            slot = self._newer_than_shown(tick)
            if slot is None:
                return
            self._cells[Cell.LATE] += 1
        self._shown = slot
        cells = self._cells
        mood = (cells[Cell.VALENCE] / MILLION, cells[Cell.AROUSAL] / MILLION)
        frame, sub_frame = scene_time.at(self._schedule.time_ns(tick))
        sent_ns = now_ns()
        moment = Moment(tick, slot, frame, sub_frame, mood, sent_ns / NS_PER_S)
        self._targets.send(moment, last=tick >= cells[Cell.STOP_TICK])
        self._record(tick, slot, sent_ns)

    def _newer_than_shown(self, tick: int) -> Slot | None:
        slot = self._board.newest_slot(tick)
        if slot is None or (self._shown is not None and slot.tick <= self._shown.tick):
            return self._shown
        return slot

    def _record(self, tick: int, slot: Slot, sent_ns: int) -> None:
        cells = self._cells
        if cells[Cell.TICKS]:
            self._gap_error.record_ns(abs(sent_ns - cells[Cell.SENT_NS] - self._schedule.period_ns))
        if slot.media_time_ns:
            self._voice_to_packet.record_ns(sent_ns - slot.media_time_ns)
        cells[Cell.SENT_NS] = sent_ns
        cells[Cell.SENT_TICK] = tick
        cells[Cell.TICKS] += 1

    def _resume_scene_time(self, time_ns: int) -> SceneTime:
        cells, state = self._cells, None
        if cells[Cell.SCENE_KNOWN]:
            state = SceneState(cells[Cell.SCENE_OFFSET_NS], cells[Cell.SCENE_LEAD_NS], cells[Cell.SCENE_DAY])
        scene_time = SceneTime(self._schedule.rate_hz, read_wall_clock(), time_ns, state)
        self._keep(scene_time)
        return scene_time

    def _keep(self, scene_time: SceneTime) -> None:
        """For the sender that takes over should this one die."""
        cells = self._cells
        cells[Cell.SCENE_OFFSET_NS], cells[Cell.SCENE_LEAD_NS], cells[Cell.SCENE_DAY] = scene_time.state
        cells[Cell.SCENE_KNOWN] = 1


def main() -> None:
    """The sender's process. Arguments: board's descriptor, daemon's pid, priority."""
    fd, parent, priority = (int(argument) for argument in sys.argv[1:4])
    # Ctrl-C and systemd reach the whole group; the daemon eases the face to rest first and then says stop.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    name_process(b"visaged-sender")
    board = PoseBoard(fd)
    board.cells[Cell.SCHEDULING] = go_realtime(priority)
    sender = Sender(board)
    # No collector pauses: a tick leaves no cycles behind.
    gc.collect()
    gc.freeze()
    gc.disable()
    # No pages from a disk that something else keeps busy. Where it is refused, they come when they are needed.
    keep_in_memory()
    # A dead parent's children are given to another.
    sender.run(orphaned=lambda: os.getppid() != parent)


if __name__ == "__main__":
    main()
