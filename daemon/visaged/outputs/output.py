"""FaceOutput: the daemon's side of the sender. Starts its process, keeps it alive, says what it cannot say."""

from __future__ import annotations

import logging
import os
import select
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import visaged
from visaged.clock import NS_PER_S, TickSchedule, now_ns
from visaged.curves import Pose
from visaged.guard import guarded
from visaged.metrics import Metrics
from visaged.outputs.board import MILLION, Cell, PoseBoard
from visaged.outputs.destinations import Outputs
from visaged.outputs.receivers import Receivers
from visaged.problems import Problems
from visaged.realtime import FIFO, go_realtime

log = logging.getLogger(__name__)

# How often counters are looked at. A sender that died is noticed at once (its stderr closes), not at this pace.
_CHECK_S: Final = 0.5
# A sender that is alive and has not sent for so long is stuck (stopped by a signal, a kernel bug): it is replaced.
_STUCK_NS: Final = NS_PER_S
# One that was just started may be late for want of processor or disk; killing it would only begin that anew.
_STARTING_NS: Final = 5 * NS_PER_S
# One that ends sooner than this after its start is given time before the next: doubled from the first to the last.
_HEALTHY_NS: Final = 2 * NS_PER_S
_RESPAWN_FIRST_S: Final = 0.05
_RESPAWN_LAST_S: Final = 5.0
# The last packet is at most a tick away.
_STOP_S: Final = 0.5

# Without `site` and the environment the sender starts in a third of the time; it needs the standard library and us.
_PYTHON: Final = (sys.executable, "-I", "-S", "-c")
_MAIN: Final = "import sys; sys.path.insert(0, {root!r}); from visaged.outputs.sender import main; main()"


class FaceOutput:
    """One face on the wire. ``start`` first of all stages (it takes no time here), ``publish`` per tick, ``stop``."""

    def __init__(
        self,
        outputs: Outputs,
        box_id: str,
        realtime_priority: int,
        problems: Problems,
        metrics: Metrics,
        *,
        after: FaceOutput | None = None,
    ) -> None:
        """``box_id``: ``device.id``; the ids for Unreal are made from it and the subjects.

        ``after``: the output whose place it takes; it goes on with that one's counters and scene time.
        """
        self._priority = realtime_priority
        self._problems = problems
        self._board, self._fd = PoseBoard.create(outputs.livelink.fps, now_ns())
        if after is not None:
            self._board.continue_from(after._board)
        self._receivers = Receivers(self._board, outputs, box_id, problems, metrics)
        self._restarts = metrics.counter("livelink.restarts")
        self._process: subprocess.Popen[bytes] | None = None
        self._started_ns = self._spawned_ns = 0
        # When there was first something to send.
        self._posed_ns = 0
        self._stopping = threading.Event()
        self._supervisor = guarded(self._supervise, "livelink-supervisor", problems, self._stopping.is_set)
        self._provide(metrics)

    @property
    def schedule(self) -> TickSchedule:
        """When each tick is sent. The pose for tick k must be published before ``schedule.time_ns(k)``."""
        return self._board.schedule

    @property
    def pid(self) -> int | None:
        """The sender's process, None when there is none."""
        return None if self._process is None else self._process.pid

    @property
    def board_fd(self) -> int:
        """The board, for another process that watches the face (read only); closed by ``stop``."""
        return self._fd

    @property
    def ticks(self) -> int:
        """How many packets have gone out (to each target)."""
        return self._board.cells[Cell.TICKS]

    @property
    def sent_ns(self) -> int:
        """CLOCK_MONOTONIC of the newest packet; before the first, of the start. For the watchdog; 0: stopped."""
        return 0 if self._stopping.is_set() else max(self._board.cells[Cell.SENT_NS], self._started_ns)

    def start(self) -> None:
        """Start the sender. It sends from the first pose published on."""
        self._started_ns = now_ns()
        self._receivers.start()
        self._spawn()
        self._supervisor.start()

    def publish(self, tick: int, pose: Pose, media_time_ns: int = 0) -> None:
        """Show ``pose`` (float32 [61], legal) at ``tick``; about 10 us, never blocks. The animator's thread.

        ``media_time_ns``: when the audio it shows was captured (CLOCK_MONOTONIC); 0 when it shows none.
        """
        self._board.publish(tick, pose.tolist(), media_time_ns)

    def show_mood(self, valence: float, arousal: float) -> None:
        """The box's mood, -1..1, for protocols that have moods of their own; a few times a second is enough."""
        self._board.cells[Cell.VALENCE] = round(MILLION * valence)
        self._board.cells[Cell.AROUSAL] = round(MILLION * arousal)

    def retarget(self, outputs: Outputs) -> bool:
        """Other targets, subjects or variants without a gap in those that stay; False: not possible, the rate differs.

        One thread at a time.
        """
        return self._receivers.use(outputs)

    def give_way(self) -> None:
        """Before another output that takes this one's place starts: give back what only one can have."""
        self._receivers.stop()

    def stop(self) -> None:
        """Send the newest pose published (ease to neutral before) and end. Returns within a second."""
        self._board.cells[Cell.STOP_TICK] = self._board.cells[Cell.PUBLISHED_TICK]
        self._stopping.set()
        self._receivers.stop()
        self._supervisor.join(_STOP_S)
        if self._supervisor.is_alive() and self._process is not None:
            self._process.kill()
            self._supervisor.join()
        os.close(self._fd)

    def _provide(self, metrics: Metrics) -> None:
        board = self._board
        metrics.histogram("livelink.gap_error", board.gap_error_cells)
        metrics.histogram("latency.voice_to_packet", board.voice_to_packet_cells)
        metrics.provide("livelink.ticks", lambda: board.cells[Cell.TICKS])
        metrics.provide("livelink.late", lambda: board.cells[Cell.LATE])
        metrics.provide("livelink.skipped", lambda: board.cells[Cell.SKIPPED])
        metrics.provide("livelink.scheduling", lambda: "fifo" if board.cells[Cell.SCHEDULING] == FIFO else "normal")

    def _spawn(self) -> None:
        main = _MAIN.format(root=str(Path(visaged.__file__).parents[1]))
        arguments = (str(self._fd), str(os.getpid()), str(self._priority))
        self._board.cells[Cell.SCHEDULING] = 0
        self._spawned_ns = now_ns()
        try:
            self._process = subprocess.Popen(
                (*_PYTHON, main, *arguments),
                pass_fds=(self._fd,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            # Out of memory or processes: the supervisor tries again.
            self._process = None
            log.error("the Live Link sender cannot be started: %s", error)

    def _supervise(self) -> None:
        # As the main thread: whoever takes the interpreter lock again and again must get to run (realtime.py).
        go_realtime(max(self._priority - 2, 0))
        delay_s = 0.0
        while True:
            last_words = self._watch()
            if self._stopping.is_set():
                return
            lived_ns = now_ns() - self._spawned_ns
            delay_s = 0.0 if lived_ns > _HEALTHY_NS else min(max(2 * delay_s, _RESPAWN_FIRST_S), _RESPAWN_LAST_S)
            message = f"the Live Link sender ended ({last_words}) and is started again"
            self._problems.open("livelink_sender", message, "If this goes on, report it with the log")
            if self._stopping.wait(delay_s):
                return
            self._restarts.add()
            self._spawn()

    def _watch(self) -> str:
        """Look after the process until it ends; returns why."""
        process = self._process
        if process is None or process.stderr is None:
            return "it could not be started"
        poll = select.poll()
        poll.register(process.stderr, select.POLLIN)
        words = b""
        while True:
            if poll.poll(1000 * _CHECK_S):
                written = os.read(process.stderr.fileno(), 4096)
                if not written:
                    break
                words = (words + written)[-4096:]
            self._check(process)
        process.stderr.close()
        code = process.wait()
        return words.decode(errors="replace").strip().rpartition("\n")[2] or f"exit status {code}"

    def _is_stuck(self, time_ns: int) -> bool:
        """Whether the sender has had long enough since its last packet, or since it could have sent its first."""
        cells = self._board.cells
        if cells[Cell.PUBLISHED_TICK] < 0 or self._stopping.is_set():
            return False
        self._posed_ns = self._posed_ns or time_ns
        sent_ns = cells[Cell.SENT_NS]
        if sent_ns > self._spawned_ns:
            return time_ns - sent_ns > _STUCK_NS
        return time_ns - max(self._spawned_ns, self._posed_ns) > _STARTING_NS

    def _check(self, process: subprocess.Popen[bytes]) -> None:
        cells, time_ns = self._board.cells, now_ns()
        self._receivers.check(time_ns)
        lived_ns = time_ns - self._spawned_ns
        if self._is_stuck(time_ns):
            log.error("the Live Link sender does not send and is killed")
            process.kill()
        elif lived_ns > _HEALTHY_NS:
            self._problems.clear("livelink_sender")
        scheduling = cells[Cell.SCHEDULING]
        if self._priority and scheduling < 0:
            reason = os.strerror(-scheduling)
            self._problems.open(
                "livelink_not_realtime",
                f"the Live Link sender got no realtime priority ({reason}): under load packets come late",
                "Run it as the service or with sudo, or put a line such as '@audio - rtprio 20' into "
                "/etc/security/limits.conf and log in anew; runtime.realtime_priority = 0 goes without",
            )
