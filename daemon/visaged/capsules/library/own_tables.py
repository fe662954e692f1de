"""The operator's own tables: files of a folder that may be edited while the face runs."""

from __future__ import annotations

from pathlib import Path

from visaged.capsules.errors import CapsuleError
from visaged.capsules.file.pack import MAX_TABLE_BYTES
from visaged.capsules.library import tables as tables_format
from visaged.capsules.library.tables import Tables
from visaged.files import read_bounded


class OwnTables:
    """``tables/*.toml, *.json`` of a library. A file that turned bad counts as it last was good."""

    def __init__(self) -> None:
        self._good: dict[Path, Tables] = {}
        self.faults: tuple[str, ...] = ()
        """What is wrong with the files as they are now: name, key, what is accepted."""

    def read(self, paths: list[Path]) -> list[Tables]:
        """The tables of ``paths``, in that order; sets ``faults``."""
        faults: list[str] = []
        for path in paths:
            try:
                self._good[path] = _read(path)
            except (CapsuleError, OSError) as error:
                words = str(error)
                if isinstance(error, OSError):
                    words = f"{path.name}: cannot be read: {error.strerror}"
                faults.append(f"{words}{'; it counts as it was before' if path in self._good else ''}")
        self._good = {path: self._good[path] for path in paths if path in self._good}
        self.faults = tuple(faults)
        return list(self._good.values())


def _read(path: Path) -> Tables:
    """Raises CapsuleError, OSError."""
    data = read_bounded(path, MAX_TABLE_BYTES)
    if len(data) > MAX_TABLE_BYTES:
        raise CapsuleError(path.name, "table", f"is larger than {MAX_TABLE_BYTES >> 10} KiB")
    return tables_format.decode(data, path.name)
