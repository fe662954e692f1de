"""Whom the face is sent to: targets of the settings, and those who asked. The daemon's side; changes while it runs."""

from __future__ import annotations

from functools import partial

from visaged.config.outputs import MAX_LIVELINK, MAX_OTHERS
from visaged.metrics import Metrics
from visaged.outputs.board import FIRST, MAX_TARGETS, PoseBoard, TargetCell
from visaged.outputs.destinations import Outputs, destinations
from visaged.outputs.form import PROTOCOLS, Protocol
from visaged.outputs.ifacialmocap.asked import Asked
from visaged.outputs.outages import Outages
from visaged.outputs.resolver import Resolver
from visaged.problems import Problems


class Receivers:
    """``start``, ``use`` other settings, ``stop``: one thread at a time. ``check`` is the supervisor's."""

    def __init__(self, board: PoseBoard, outputs: Outputs, box_id: str, problems: Problems, metrics: Metrics) -> None:
        """``box_id``: ``device.id``."""
        self._board = board
        self._outputs = outputs
        self._box_id = box_id
        self._problems = problems
        self._destinations = destinations(outputs, box_id)
        self._resolver = Resolver(board, self._destinations, problems)
        self._outages = Outages(board, self._destinations, problems, self._resolver.nudge)
        self._asked: Asked | None = None
        self._provide(metrics)

    def start(self) -> None:
        """Put up all addresses that are known, look up the others, listen to who asks."""
        self._resolver.start()
        self._listen()

    def use(self, outputs: Outputs) -> bool:
        """Change to ``outputs`` without a gap in what stays; False, with nothing done, where the rate differs."""
        before = self._outputs
        if outputs.livelink.fps != before.livelink.fps:
            return False
        self._outputs = outputs
        if outputs.ifacialmocap != before.ifacialmocap:
            self._stop_listening()
        self._resolver.stop()
        self._forget_problems()
        self._destinations = destinations(outputs, self._box_id)
        resolver = Resolver(self._board, self._destinations, self._problems)
        self._outages = Outages(self._board, self._destinations, self._problems, resolver.nudge)
        # First the new ones: a target that only got another number has no gap.
        resolver.start(self._resolver.known)
        self._resolver = resolver
        self._listen()
        kept = {destination.number for destination in self._destinations}
        kept.update(() if self._asked is None else self._asked.numbers)
        for number in set(range(MAX_TARGETS)) - kept:
            self._board.clear_address(number)
        return True

    def check(self, time_ns: int) -> None:
        """Say what does not arrive; a few times a second."""
        self._outages.check(time_ns)

    def stop(self) -> None:
        """Listen and look up no more; what is on the board stays, so that the last pose still goes out."""
        self._stop_listening()
        self._resolver.stop()
        self._forget_problems()
        self._outages = Outages(self._board, (), self._problems, self._resolver.nudge)

    def _listen(self) -> None:
        settings, first = self._outputs.ifacialmocap, FIRST["ifacialmocap"]
        free = range(first + len(settings.targets), first + MAX_OTHERS)
        if settings.listen and free and self._asked is None:
            self._asked = Asked(self._board, free, self._outputs.livelink.fps, self._problems)
            self._asked.start()

    def _stop_listening(self) -> None:
        if self._asked is not None:
            self._asked.stop()
            self._asked = None

    def _forget_problems(self) -> None:
        for destination in self._destinations:
            self._problems.clear(destination.code)
            self._problems.clear(destination.name_code)

    def _provide(self, metrics: Metrics) -> None:
        for protocol in PROTOCOLS:
            metrics.provide(f"{protocol}.packets", partial(self._sum, protocol, TargetCell.SENT))
            metrics.provide(f"{protocol}.send_errors", partial(self._sum, protocol, TargetCell.ERRORS))
            metrics.provide(f"{protocol}.targets", partial(self._count, protocol))
        metrics.provide("ifacialmocap.asked", lambda: 0 if self._asked is None else self._asked.receivers)
        metrics.provide("ifacialmocap.refused", lambda: 0 if self._asked is None else self._asked.refused)

    def _sum(self, protocol: Protocol, cell: TargetCell) -> int:
        board, first = self._board, FIRST[protocol]
        places = MAX_LIVELINK if protocol == "livelink" else MAX_OTHERS
        return sum(board.cells[board.target_cell(number, cell)] for number in range(first, first + places))

    def _count(self, protocol: Protocol) -> int:
        return sum(destination.protocol == protocol for destination in self._destinations)
