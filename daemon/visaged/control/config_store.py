"""The settings file as config.set changes it: atomically, the version before kept, put back after a failed trial.

Three files: ``visaged.toml``; ``visaged.toml.previous``, the version before; ``visaged.toml.trial``, there while the
new version is on probation. A daemon that finds the trial at boot did not survive it (``recover``).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from visaged.config.toml_text import MAX_BYTES
from visaged.files import read_bounded, sync_directory, write_atomic

log = logging.getLogger(__name__)

# What the trial file holds: whether there was a settings file before.
_CHANGED: Final = "changed\n"
_CREATED: Final = "created\n"
# Of a file that was not there: names of hosts and users are nobody else's business.
_NEW_MODE: Final = 0o640


class ConfigStore:
    """One settings file. One thread at a time. Every write raises OSError when the disk does not take it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.previous = path.with_name(f"{path.name}.previous")
        self._trial = path.with_name(f"{path.name}.trial")

    @property
    def on_trial(self) -> bool:
        """Whether the version in the file is on probation."""
        return self._trial.exists()

    def read(self) -> str:
        """The text of the file, no more of it than settings can be; empty when there is none.

        Raises OSError, UnicodeDecodeError.
        """
        try:
            return read_bounded(self.path, MAX_BYTES).decode("utf-8-sig")
        except FileNotFoundError:
            return ""

    def begin(self, text: str) -> None:
        """Put ``text`` in place, on trial; the version before is kept."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        existed = self.path.exists()
        if existed:
            write_atomic(self.previous, self.read().encode(), _NEW_MODE)
        # The trial is written before the file: a crash in between puts back what is there anyway.
        write_atomic(self._trial, (_CHANGED if existed else _CREATED).encode(), _NEW_MODE)
        write_atomic(self.path, text.encode(), _NEW_MODE)

    def keep(self) -> None:
        """The version on trial is good."""
        self._trial.unlink(missing_ok=True)
        sync_directory(self.path.parent)

    def put_back(self) -> None:
        """The version on trial is not: the one before comes back."""
        if self._trial.read_text(encoding="ascii") == _CREATED:
            self.path.unlink(missing_ok=True)
        else:
            write_atomic(self.path, self.previous.read_bytes(), _NEW_MODE)
        self.keep()

    def recover(self) -> bool:
        """At boot, before the settings are read: undo a trial that was cut short; returns whether there was one."""
        if not self.on_trial:
            return False
        self.put_back()
        log.warning(
            "%s was changed and the daemon ended before it had proven good; the version before is back", self.path
        )
        return True
