"""The library on disk: packs' records, the capsules they list, the index. Reading; installing is in install.py.

::

    library/
      packs/<name>.json       what is installed: pack.json and the key that signed it (the truth)
      objects/<sha256>        capsules and tables by the hash of their content
      tables/*.toml, *.json   the operator's own tables; they win over those of packs
      revoked.json            packs and keys that must not be used
      index.json              made from the above (catalogue.py)

Every file is replaced whole (storage.py), so a power cut leaves the old state or the new one. Packs that ship with the
program lie in zips beside it and are read in place; an installed pack of the same name takes their place.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import Field, ValidationError

import visaged
from visaged.capsules.errors import CapsuleError, UnknownError, from_validation
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.capsule import SUFFIX, Capsule
from visaged.capsules.file.header import Strict
from visaged.capsules.file.pack import PackManifest, PackReader
from visaged.capsules.library import tables as tables_format
from visaged.capsules.library.catalogue import Catalogue, Entry, decode_index, encode_index
from visaged.capsules.library.own_tables import OwnTables
from visaged.capsules.library.tables import Tables
from visaged.files import write_atomic

log = logging.getLogger(__name__)

BUILT_IN: Final = tuple(sorted((Path(visaged.__file__).parent / "packages" / "capsules").glob("*.zip")))
"""The packs in the wheel."""
LOCAL_PACK: Final = "local"
"""What was imported on this box by hand."""
_RECORDS_LIMIT_BYTES: Final = 8 * 1024 * 1024


class Record(Strict):
    """``packs/<name>.json``: a pack's manifest, and who signed it ('' when nobody did)."""

    manifest: PackManifest
    key: str = ""


class Revoked(Strict):
    """``revoked.json``."""

    packs: list[str] = Field(default=[])
    """``name`` or ``name@version``."""
    keys: list[str] = Field(default=[])

    def covers(self, record: Record) -> bool:
        """Whether the pack must not be used."""
        manifest = record.manifest
        return (
            record.key in self.keys
            or manifest.name in self.packs
            or f"{manifest.name}@{manifest.version}" in self.packs
        )


class _BuiltIn(NamedTuple):
    record: Record
    entries: dict[str, Entry]
    tables: list[Tables]


class Library:
    """The installed capsules. ``catalogue`` is replaced whole by ``load`` and ``refresh``; any thread may read it."""

    def __init__(self, root: Path, built_in: Sequence[Path] = BUILT_IN) -> None:
        self.root = root
        self.packs_dir = root / "packs"
        self.objects_dir = root / "objects"
        self.tables_dir = root / "tables"
        self.index_path = root / "index.json"
        self.revoked_path = root / "revoked.json"
        self.catalogue = Catalogue()
        self.own_tables = OwnTables()
        self._built_in = tuple(built_in)
        self._built_in_files: dict[str, tuple[Path, str]] = {}  # sha256 -> zip, name in it
        self._seen: tuple[tuple[str, int, int], ...] = ()

    def load(self) -> Catalogue:
        """Read everything again. What cannot be used is logged and listed in ``refused``; never raises for it."""
        refused: list[str] = []
        seen = self._stamps()
        records = self.read_records(refused)
        try:
            revoked = self.read_revoked()
        except CapsuleError as error:
            # Not knowing what must not be used, nothing that was installed is.
            refused.append(f"{error}; until it is mended only what ships with the program is used")
            revoked = Revoked(packs=list(records))
        # Before the IDs are read: a pack that must not be used takes none away from another.
        records = {name: record for name, record in records.items() if not revoked.covers(record)}
        entries = self._entries(records, refused)
        tables = [self._table(record, name, refused) for record in records.values() for name in _tables_of(record)]
        packs = {name: record.manifest.version for name, record in records.items()}
        for path in self._built_in:
            try:
                pack = self._read_built_in(path)
            except CapsuleError as error:
                refused.append(str(error))
                continue
            if pack.record.manifest.name in packs or revoked.covers(pack.record):
                continue
            packs[pack.record.manifest.name] = pack.record.manifest.version
            entries = pack.entries | entries
            # First in the list: every installed table wins over it.
            tables = pack.tables + tables
        tables += self.own_tables.read(_sorted_files(self.tables_dir, ".toml", ".json"))
        refused += self.own_tables.faults
        for sentence in refused:
            log.warning("capsule library: %s", sentence)
        self.catalogue = Catalogue(entries, tables_format.merge(tables), packs, tuple(refused))
        self._seen = seen
        named = ", ".join(f"{name} {version}" for name, version in packs.items()) or "none"
        log.info("capsules: %d in the program and in %s; packs: %s", len(entries), self.root, named)
        return self.catalogue

    def refresh(self) -> bool:
        """Load again if anything was installed, imported or revoked since, by any process; whether it was."""
        if self._stamps() == self._seen:
            return False
        self.load()
        return True

    def entry(self, cid: str) -> Entry:
        """The installed capsule ``cid``. Raises UnknownError."""
        entry = self.catalogue.entries.get(cid)
        if entry is None:
            raise UnknownError(cid, "cid", "is not installed; see 'visaged capsules list'")
        return entry

    def read(self, entry: Entry) -> Capsule:
        """The capsule of ``entry``, hash and content verified. Raises CapsuleError (the loader's thread)."""
        return capsule_format.decode(self.read_object(entry.sha256, entry.cid + SUFFIX), entry.cid)

    def read_object(self, sha256: str, name: str) -> bytes:
        """The bytes with that hash; ``name`` is for messages. Raises CapsuleError."""
        if sha256 in self._built_in_files:
            path, name = self._built_in_files[sha256]
            with PackReader(path) as reader:
                return reader.read(name)
        data = capsule_format.read_file(self.objects_dir / sha256)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise CapsuleError(name, "sha256", f"the file {sha256} in the library is damaged; install its pack again")
        return data

    def read_records(self, refused: list[str]) -> dict[str, Record]:
        """What ``packs/`` says, by pack name in order; unreadable ones are added to ``refused``."""
        records = {}
        for path in _sorted_files(self.packs_dir, ".json"):
            try:
                record = Record.model_validate_json(_read_limited(path, _RECORDS_LIMIT_BYTES))
            except ValidationError as error:
                refused.append(str(from_validation(path.name, error, "record")))
            except OSError as error:
                refused.append(f"{path.name}: cannot be read: {error.strerror}")
            else:
                records[record.manifest.name] = record
        return records

    def read_revoked(self) -> Revoked:
        """What is revoked. Raises CapsuleError when the list is there but cannot be read."""
        try:
            return Revoked.model_validate_json(_read_limited(self.revoked_path, _RECORDS_LIMIT_BYTES))
        except FileNotFoundError:
            return Revoked()
        except OSError as error:
            raise CapsuleError("revoked.json", "file", f"cannot be read: {error.strerror}") from None
        except ValidationError as error:
            raise from_validation("revoked.json", error) from None

    def _entries(self, records: dict[str, Record], refused: list[str]) -> dict[str, Entry]:
        hashes = {name: _hash_of(record) for name, record in records.items()}
        try:
            indexed, current = decode_index(self.index_path.read_bytes(), hashes)
        except OSError:
            indexed, current = {}, False
        if current or not records:
            return indexed if current else {}
        log.info("capsule library: making the index again")
        checked = {entry.sha256: entry for entry in indexed.values()}
        entries: dict[str, Entry] = {}
        known = len(refused)
        for record in records.values():
            for name, sha256 in record.manifest.files.items():
                if not name.endswith(SUFFIX):
                    continue
                old = checked.get(sha256)
                if old is not None and old.cid + SUFFIX == name:
                    entries[old.cid] = old._replace(pack=record.manifest.name)
                    continue
                try:
                    entry = entry_of(self.read_object(sha256, name), name, record.manifest.name)
                except CapsuleError as error:
                    refused.append(str(error))
                else:
                    entries[entry.cid] = entry
        # An index that lacks what is only unreadable for now would hide it for good.
        if len(refused) == known:
            self.write_index(entries, records)
        return entries

    def write_index(self, entries: dict[str, Entry], records: dict[str, Record]) -> None:
        """Replace the index; where the library is read-only, that is only logged."""
        try:
            write_atomic(
                self.index_path, encode_index(entries, {name: _hash_of(record) for name, record in records.items()})
            )
        except OSError as error:
            log.warning("capsule library: cannot write the index: %s", error)

    def _table(self, record: Record, name: str, refused: list[str]) -> Tables:
        try:
            return tables_format.decode(self.read_object(record.manifest.files[name], name), name)
        except CapsuleError as error:
            refused.append(str(error))
            return Tables()

    def _read_built_in(self, path: Path) -> _BuiltIn:
        entries: dict[str, Entry] = {}
        tables: list[Tables] = []
        with PackReader(path) as reader:
            for name, sha256 in reader.manifest.files.items():
                self._built_in_files[sha256] = (path, name)
                data = reader.read(name)
                if name.endswith(SUFFIX):
                    entry = entry_of(data, name, reader.manifest.name)
                    entries[entry.cid] = entry
                else:
                    tables.append(tables_format.decode(data, name))
            return _BuiltIn(Record(manifest=reader.manifest), entries, tables)

    def _stamps(self) -> tuple[tuple[str, int, int], ...]:
        """Name, time and size of every file that decides what is in the library."""
        files = _sorted_files(self.packs_dir, ".json") + _sorted_files(self.tables_dir, ".toml", ".json")
        stamps = []
        for path in (*files, self.revoked_path):
            try:
                status = path.stat()
            except OSError:
                continue
            stamps.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(stamps)


def entry_of(data: bytes, name: str, pack: str) -> Entry:
    """The entry of a capsule's bytes, all of it checked. Raises CapsuleError."""
    header = capsule_format.decode(data, name).header
    if f"{header.cid}{SUFFIX}" != name:
        raise CapsuleError(name, "cid", f"is {header.cid}; the file must be called {header.cid}{SUFFIX}")
    return Entry(
        header.cid, hashlib.sha256(data).hexdigest(), len(data), pack, header.model_dump_json(exclude_none=True)
    )


def _tables_of(record: Record) -> Iterable[str]:
    return (name for name in record.manifest.files if not name.endswith(SUFFIX))


def _hash_of(record: Record) -> str:
    return hashlib.sha256(record.model_dump_json().encode()).hexdigest()


def _sorted_files(folder: Path, *suffixes: str) -> list[Path]:
    """Files of a folder with one of the suffixes, hidden ones (half-written) left out; none when there is no folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in suffixes and not path.name.startswith("."))
    except OSError:
        return []


def _read_limited(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(27, f"is larger than {limit} bytes", str(path))
    return data
