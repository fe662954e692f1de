"""Says once that a target does not get its packets, and once that it does again: from the sender's counters."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import Final

from visaged.clock import NS_PER_S
from visaged.outputs.board import PoseBoard, TargetCell
from visaged.problems import Problems

# One lost packet is no outage.
_OUTAGE_ERRORS: Final = 3
# A host that does not answer ARP makes an error every few seconds; only longer quiet is an end.
_QUIET_NS: Final = 10 * NS_PER_S

_WORDS: Final = {
    errno.ECONNREFUSED: (
        "nobody listens there",
        "Start Unreal with its Live Link source, or `visaged monitor`; else check livelink.targets",
    ),
    errno.EAGAIN: ("the network does not keep up and packets are lost", "Use a cable, or fewer targets"),
}
_UNREACHABLE: Final = "Check the cable, the address in livelink.targets and the routes (`ip route get ADDRESS`)"


class Outages:
    """Watches the counters of all targets; ``check`` is called a few times a second by the supervisor."""

    def __init__(
        self, board: PoseBoard, targets: Sequence[str], problems: Problems, failing: Callable[[int], None]
    ) -> None:
        """``failing(number)`` is called at each check at which a target had errors."""
        self._board = board
        self._problems = problems
        self._failing = failing
        self._watched = [_Watched(target) for target in targets]

    def check(self, time_ns: int) -> None:
        """Compare with the last check."""
        cells, board = self._board.cells, self._board
        for number, watched in enumerate(self._watched):
            code = f"livelink_target_{number}"
            errors = cells[board.target_cell(number, TargetCell.ERRORS)]
            if errors != watched.errors:
                watched.recent += errors - watched.errors
                watched.errors = errors
                watched.error_ns = time_ns
                self._failing(number)
                if watched.recent >= _OUTAGE_ERRORS:
                    reason = cells[board.target_cell(number, TargetCell.ERRNO)]
                    what, remedy = _WORDS.get(reason, (os.strerror(reason), _UNREACHABLE))
                    self._problems.open(code, f"Live Link target {watched.target}: {what}", remedy)
            elif watched.recent and time_ns - watched.error_ns > _QUIET_NS:
                watched.recent = 0
                self._problems.clear(code)


class _Watched:
    def __init__(self, target: str) -> None:
        self.target = target
        self.errors = 0
        self.recent = 0
        self.error_ns = 0
