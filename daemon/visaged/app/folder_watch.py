"""Settings and state that could not be kept are a problem before somebody changes them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from visaged.clock import NS_PER_S
from visaged.problems import Problems
from visaged.system.folders import trouble

SETTINGS_PROBLEM: Final = "settings_folder"
STATE_PROBLEM: Final = "state_folder"
_EVERY_NS: Final = 10 * NS_PER_S


class FolderWatch:
    """Looks every ten seconds. ``update`` as often as you like, from one thread."""

    def __init__(self, settings_file: Path | None, state: Path | None, problems: Problems) -> None:
        """``state``: the service's state folder; None: this is no service, and nothing is looked at."""
        watched: dict[str, tuple[Path, str, str]] = {}
        if state is not None:
            remedy = "Selections, packs and the reason of a bad end cannot be kept; {mend}"
            watched[STATE_PROBLEM] = (state, f"the state folder {state}", remedy)
            if settings_file is not None:
                remedy = "config.set is refused until then; {mend}"
                watched[SETTINGS_PROBLEM] = (
                    settings_file.parent,
                    f"the settings folder {settings_file.parent}",
                    remedy,
                )
        self._watched = watched
        self._problems = problems
        self._due_ns = 0

    def update(self, time_ns: int) -> None:
        """Look, if it is time (CLOCK_MONOTONIC ``time_ns``)."""
        if time_ns < self._due_ns:
            return
        self._due_ns = time_ns + _EVERY_NS
        for code, (folder, name, remedy) in self._watched.items():
            found = trouble(folder)
            if found is None:
                self._problems.clear(code)
            else:
                self._problems.open(code, f"{name} {found.words}", remedy.format(mend=found.remedy))
