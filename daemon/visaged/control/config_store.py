"""The settings file as config.set changes it: atomically, the version before kept, put back after a failed trial.

Three files: ``visaged.toml``; ``visaged.toml.previous``, the version before; ``visaged.toml.trial``, there while the
new version is on probation: it says whether there was a file before, and the hash of what is tried. A daemon that finds
it at boot did not survive the trial (``recover``). A file that is not what was tried any more was edited by a person,
and stays.
"""

from __future__ import annotations

import errno
import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from visaged.files import sync_directory, write_atomic

log = logging.getLogger(__name__)

# What the trial file begins with: whether there was a settings file before.
_CHANGED: Final = "changed"
_CREATED: Final = "created"
# Of a file that was not there: names of hosts and users are nobody else's business.
_NEW_MODE: Final = 0o640
# A settings file is some kB, a trial file 80 bytes; what is larger is neither.
_MAX_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Recovery:
    """What ``recover`` did."""

    path: Path
    """The file whose settings count: the version before, where it could not be put back but can be read."""
    done: str = ""
    """A trial was undone: a sentence for the log."""
    fault: str = ""
    """Why it could not be undone; the daemon starts with what there is."""


class ConfigStore:
    """One settings file. One thread at a time. Every write raises OSError when the disk does not take it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.previous = path.with_name(f"{path.name}.previous")
        self._trial = path.with_name(f"{path.name}.trial")

    @property
    def on_trial(self) -> bool:
        """Whether the version in the file is on probation, or could not be put back. Raises OSError."""
        return self._trial.exists()

    def read(self) -> str:
        """The text of the file; empty when there is none. Raises OSError, UnicodeDecodeError."""
        try:
            return _read(self.path).decode("utf-8-sig")
        except FileNotFoundError:
            return ""

    def begin(self, text: str) -> None:
        """Put ``text`` in place, on trial; the version before is kept."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        existed = self.path.exists()
        if existed:
            write_atomic(self.previous, _read(self.path), _NEW_MODE)
        # The trial is written before the file: a crash in between leaves a file that is not what the trial speaks of.
        tried = f"{_CHANGED if existed else _CREATED} {_hash(text.encode())}\n"
        write_atomic(self._trial, tried.encode(), _NEW_MODE)
        try:
            write_atomic(self.path, text.encode(), _NEW_MODE)
        except OSError:
            with suppress(OSError):
                self.keep()
            raise

    def keep(self) -> None:
        """The version on trial is good."""
        self._trial.unlink(missing_ok=True)
        sync_directory(self.path.parent)

    def put_back(self) -> None:
        """The version on trial is not: the one before comes back, unless a person has edited the file since."""
        before, tried = self._read_trial()
        if tried and self.path.exists() and _hash(_read(self.path)) != tried:
            log.warning("%s was edited since it was put on trial: it stays", self.path)
        elif before == _CREATED:
            self.path.unlink(missing_ok=True)
        else:
            write_atomic(self.path, _read(self.previous), _NEW_MODE)
        self.keep()

    def recover(self) -> Recovery:
        """At boot, before the settings are read: undo a trial that was cut short. Never raises: the face must start."""
        try:
            if not self.on_trial:
                return Recovery(self.path)
            self.put_back()
        except OSError as error:
            return self._make_do(error)
        words = "was changed and the daemon ended before it had proven good; the version before is back"
        return Recovery(self.path, done=f"{self.path} {words}")

    def _make_do(self, error: OSError) -> Recovery:
        """A trial that cannot be undone: with the version before if it can be read, else with what was tried."""
        why = f"the version before could not be put back ({error.strerror or error})"
        try:
            _read(self.previous).decode("utf-8-sig")
        except FileNotFoundError:
            # Nothing is left that could ever be put back.
            with suppress(OSError):
                self.keep()
        except (OSError, UnicodeDecodeError):
            pass
        else:
            return Recovery(self.previous, fault=f"{self.path} is on trial and {why}; {self.previous} is used instead")
        return Recovery(self.path, fault=f"{self.path} is on trial and {why}; it is used as it is")

    def _read_trial(self) -> tuple[str, str]:
        """(whether there was a file before, hash of what is tried: "" when that is not known)."""
        words = _read(self._trial).decode("ascii", "replace").split()
        return (words[0] if words else _CHANGED), (words[1] if len(words) > 1 else "")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise OSError(errno.EFBIG, f"is over {_MAX_BYTES >> 20} MiB", str(path))
    return content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
