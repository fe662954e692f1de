"""Says once that a target does not get its packets, and once that it does again: from the sender's counters."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import Final

from visaged.clock import NS_PER_S
from visaged.outputs.board import PoseBoard, TargetCell
from visaged.outputs.destinations import Destination
from visaged.problems import Problems

# One lost packet is no outage.
_OUTAGE_ERRORS: Final = 3
# A host that does not answer ARP makes an error every few seconds; only longer quiet is an end.
_QUIET_NS: Final = 10 * NS_PER_S

_START: Final = {
    "livelink": "Start Unreal with its Live Link source, or `visaged monitor`",
    "vmc": "Start the program that draws the face and switch its VMC receiver on, or `visaged monitor --protocol vmc`",
    "ifacialmocap": "Start the program that draws the face, or `visaged monitor --protocol ifacialmocap`",
}
_LOST: Final = ("the network does not keep up and packets are lost", "Use a cable, or fewer targets")


def _words(destination: Destination, reason: int) -> tuple[str, str]:
    """What is wrong, and the remedy."""
    key = destination.key
    if reason == errno.ECONNREFUSED:
        return "nobody listens there", f"{_START[destination.protocol]}; else check {key}"
    if reason == errno.EAGAIN:
        return _LOST
    remedy = f"Check the cable, the address in {key} and the routes (`ip route get ADDRESS`)"
    return os.strerror(reason), remedy


class Outages:
    """Watches the counters of all targets; ``check`` is called a few times a second by the supervisor."""

    def __init__(
        self, board: PoseBoard, targets: Sequence[Destination], problems: Problems, failing: Callable[[int], None]
    ) -> None:
        """``failing(number)`` is called at each check at which a target had errors."""
        self._board = board
        self._problems = problems
        self._failing = failing
        self._watched = [_Watched(target, self._errors(target.number)) for target in targets]

    def check(self, time_ns: int) -> None:
        """Compare with the last check."""
        for watched in self._watched:
            target = watched.target
            errors = self._errors(target.number)
            if errors != watched.errors:
                watched.recent += errors - watched.errors
                watched.errors = errors
                watched.error_ns = time_ns
                self._failing(target.number)
                if watched.recent >= _OUTAGE_ERRORS:
                    what, remedy = _words(target, self._cell(target.number, TargetCell.ERRNO))
                    self._problems.open(target.code, f"{target.title} {target.address}: {what}", remedy)
            elif watched.recent and time_ns - watched.error_ns > _QUIET_NS:
                watched.recent = 0
                self._problems.clear(target.code)

    def _errors(self, number: int) -> int:
        return self._cell(number, TargetCell.ERRORS)

    def _cell(self, number: int, cell: TargetCell) -> int:
        return self._board.cells[self._board.target_cell(number, cell)]


class _Watched:
    def __init__(self, target: Destination, errors: int) -> None:
        self.target = target
        self.errors = errors
        """Counted so far; a place that another target had before does not begin at 0."""
        self.recent = 0
        self.error_ns = 0
