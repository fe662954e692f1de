"""What a scenario is: one fault of the fault table, how it is brought about, and what must hold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Literal

from tests.soak.world import World

Need = Literal["disks", "names", "conversation"]
"""What not every world has: disks of its own, a name server of its own (both take root), a brain (takes torch)."""

NO_GAP: Final = 3
"""Ticks: 50 ms, what the long run allows, too."""


@dataclass(frozen=True)
class Scenario:
    """One fault. The texts are a row of the table in docs/operations.md."""

    name: str
    """For --only."""
    fault: str
    face: str
    """What the face does meanwhile."""
    problem: str | None
    """The code that health shows while it lasts; None: nothing is wrong with the box."""
    ends: str
    strike: Callable[[World], AbstractContextManager[None]]
    """The fault lasts as long as the context."""
    gap_ticks: int = NO_GAP
    """The longest silence on the wire that is allowed, in ticks of 1/60 s."""
    hold_s: float = 2.0
    """It lasts at least so long."""
    needs: frozenset[Need] = frozenset()
    long_run: bool = True
    """Whether the long run strikes with it, too: not where the daemon is restarted, nor where the end takes long."""

    def missing(self, world: World) -> str | None:
        """Why it cannot be brought about in ``world``; None: it can."""
        there: dict[Need, bool] = {
            "disks": world.state.mounted and world.settings.mounted,
            "names": world.named,
            "conversation": world.converse,
        }
        lacking = sorted(need for need in self.needs if not there[need])
        return f"this world has no {', '.join(lacking)}" if lacking else None

    def row(self) -> str:
        """Its row in the fault table of docs/operations.md."""
        problem = f"`{self.problem}`" if self.problem else "none"
        return f"| `{self.name}` | {self.fault} | {self.face} | {problem} | {self.ends} |"
