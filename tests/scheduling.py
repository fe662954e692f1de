"""How tests are shared out among the workers of pytest-xdist: ``make test`` and CI run one a core, four at most.

A file stays on one worker, as its module's fixtures do. Files marked ``alone`` share one worker, one after the other.
Files with slow tests come first, so that no worker is left with a long one at the end.

xdist's own groups (``xdist_group``) are not used: they change the tests' IDs, which pytest 9.2 no longer lets them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling


@cache
def is_alone(path: Path) -> bool:
    """Whether a file is marked so; asked where nothing is imported, in the process that gives out the work."""
    return "pytest.mark.alone" in path.read_text(encoding="utf-8")


def slow_files_first(items: list[pytest.Item]) -> None:
    """In place; within a file, and among files of a kind, the order stays."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """xdist's scheduler of whole files, with our rule for those that must be alone."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415  pytest runs without xdist, too

    class Scheduler(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return "alone" if is_alone(config.rootpath / file) else file

    # Else it would sort by the number of tests, which says little about their time.
    config.option.loadscopereorder = False
    return Scheduler(config, log)
