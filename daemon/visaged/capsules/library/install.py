"""Changing the library: install a pack, add a capsule made here, revoke. All or nothing, one writer at a time.

Order of an install: everything is verified; then the content is written beside what is there and synced; then the
pack's record is replaced, which is the moment of change; then index and left-overs follow. Cut short anywhere, the
library is what it was before or what it is after.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from visaged.capsules.errors import CapsuleError, UnknownError
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.capsule import SUFFIX, Capsule
from visaged.capsules.file.pack import PackManifest, PackReader
from visaged.capsules.library import tables as tables_format
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.library.library import LOCAL_PACK, Library, Record, Revoked, entry_of
from visaged.capsules.library.storage import only_writer, sync_file_system
from visaged.files import shortage, sync_directory, write_atomic
from visaged.signing import KEYS_DIR, PublicKeys, verify

log = logging.getLogger(__name__)

# For what the box itself has to write: its log, its settings, its records.
_RESERVE_BYTES: Final = 16 << 20


def check_pack(reader: PackReader, keys: PublicKeys, unsigned: bool = False) -> tuple[Record, dict[str, Entry]]:
    """Verify every file of a pack and its signature. Raises CapsuleError; ``unsigned`` lets packs without one pass."""
    key = verify(reader.manifest_bytes, reader.signature, keys) if reader.signature else None
    if key is None and not unsigned:
        what = "is by no key that this box trusts" if reader.signature else "is missing"
        remedy = f"put the maker's public key (*.pub) into {KEYS_DIR}, or install it on the box with --unsigned"
        raise CapsuleError(reader.path.name, "pack.sig", f"{what}; {remedy}")
    entries: dict[str, Entry] = {}
    for name in reader.manifest.files:
        data = reader.read(name)
        if name.endswith(SUFFIX):
            entry = entry_of(data, name, reader.manifest.name)
            entries[entry.cid] = entry
        else:
            tables_format.decode(data, name)
    return Record(manifest=reader.manifest, key=key or ""), entries


def install_pack(library: Library, path: Path, keys: PublicKeys, unsigned: bool = False) -> Record:
    """Install the pack in ``path``; an older version stays in use until then. Raises CapsuleError, nothing done."""
    with PackReader(path) as reader:
        record, entries = check_pack(reader, keys, unsigned)
        if record.manifest.name == LOCAL_PACK:
            raise CapsuleError(path.name, "name", f"'{LOCAL_PACK}' is kept for capsules imported on the box")
        prepare(library)
        _check_room(library, path.name, reader.size)
        with only_writer(library.root):
            revoked = library.read_revoked()
            if revoked.covers(record):
                manifest = record.manifest
                raise CapsuleError(path.name, "name", f"{manifest.name} {manifest.version} or its key is revoked here")
            refuse_taken(library, record, entries)
            _commit(library, record, ((sha256, reader.read(name)) for name, sha256 in record.manifest.files.items()))
    library.load()
    return record


def add_local(library: Library, capsules: list[Capsule]) -> list[Entry]:
    """Add capsules made on this box, replacing local ones of the same ID; they can be used when this returns.

    Raises CapsuleError, nothing done; or, when another file of the library keeps them from use, with that file's fault.
    """
    files = {f"{capsule.header.cid}{SUFFIX}": capsule_format.encode(capsule) for capsule in capsules}
    entries = {name: entry_of(data, name, LOCAL_PACK) for name, data in files.items()}
    if len(files) != len(capsules):
        raise CapsuleError(LOCAL_PACK, "cid", "the same ID is given twice")
    prepare(library)
    with only_writer(library.root):
        before = _local_record(library)
        listed = dict(before.manifest.files) if before else {}
        listed |= {name: entry.sha256 for name, entry in entries.items()}
        record = Record(manifest=PackManifest(name=LOCAL_PACK, version="0", files=listed))
        if library.read_revoked().covers(record):
            remedy = f"use 'visaged capsules unrevoke {LOCAL_PACK}' first"
            raise CapsuleError(LOCAL_PACK, "pack", f"is revoked here, so the capsule could not be used; {remedy}")
        refuse_taken(library, record, [entry.cid for entry in entries.values()])
        _commit(library, record, ((entries[name].sha256, data) for name, data in files.items()))
    usable = library.load().entries
    for entry in entries.values():
        if usable.get(entry.cid) != entry:
            why = "; ".join(library.catalogue.refused) or "another pack's is used instead"
            raise CapsuleError(entry.cid, "cid", f"is in the library, but cannot be used: {why}")
    return list(entries.values())


def _local_record(library: Library) -> Record | None:
    """What was imported here so far. Raises CapsuleError when that cannot be read: it would be deleted as unused."""
    refused: list[str] = []
    record = library.read_records(refused).get(LOCAL_PACK)
    path = library.packs_dir / f"{LOCAL_PACK}.json"
    if record is None and path.exists():
        why = next((sentence for sentence in refused if path.name in sentence), "it is damaged")
        remedy = "mend it from a backup, or move it away to begin anew; nothing was changed"
        raise CapsuleError(LOCAL_PACK, str(path), f"lists the capsules that were imported here: {why}; {remedy}")
    return record


def revoke(library: Library, pack: str = "", key: str = "") -> None:
    """Stop using a pack (``name`` or ``name@version``) or all packs of a key (fingerprint), now and in future.

    A running daemon notices within a second. Raises UnknownError when the pack is not installed, CapsuleError when the
    list cannot be read or written.
    """
    library.read_revoked()
    name, _, version = pack.partition("@")
    if pack and library.catalogue.packs.get(name) is None:
        raise UnknownError(name, "pack", f"is not installed; there is {', '.join(library.catalogue.packs) or 'none'}")
    if version and library.catalogue.packs[name] != version:
        raise UnknownError(pack, "pack", f"is not installed; there is version {library.catalogue.packs[name]}")
    prepare(library)
    with only_writer(library.root):
        before = library.read_revoked()
        packs = sorted({*before.packs, *([pack] if pack else [])})
        keys = sorted({*before.keys, *([key] if key else [])})
        write_file(library.revoked_path, Revoked(packs=packs, keys=keys).model_dump_json(indent=1).encode())
    library.load()


def prepare(library: Library) -> None:
    """Make the library's folders. Raises CapsuleError with what to do when that is not permitted."""
    try:
        for folder in (library.packs_dir, library.objects_dir, library.tables_dir):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "use sudo, or another folder with --library or capsules.library"
        raise CapsuleError(str(library.root), "library", f"cannot be written: {error.strerror}; {remedy}") from None


def _check_room(library: Library, name: str, size: int) -> None:
    try:
        words = shortage(library.root, size, _RESERVE_BYTES)
    except OSError as error:
        words = str(error.strerror)
    if words:
        raise CapsuleError(name, "library", f"cannot be written: {words}")


def refuse_taken(library: Library, record: Record, cids: Iterable[str]) -> None:
    """An ID belongs to one pack: two meanings for one ID would make every command ambiguous. Raises CapsuleError."""
    name, revoked = record.manifest.name, library.read_revoked()
    for other in library.read_records([]).values():
        if revoked.covers(other):
            continue  # what is not used owns nothing
        taken = other.manifest.files.keys() & {f"{cid}{SUFFIX}" for cid in cids}
        if other.manifest.name != name and taken:
            raise CapsuleError(name, min(taken), f"is in the installed pack '{other.manifest.name}' too; rename it")


def _commit(library: Library, record: Record, objects: Iterable[tuple[str, bytes]]) -> None:
    """Write ``objects`` (hash, content; made one by one, so that a large pack needs no memory), then the record."""
    fresh: list[Path] = []
    try:
        for sha256, data in objects:
            path = library.objects_dir / sha256
            # A file that is there may have been damaged: it is left only when it is what it should be.
            if not path.is_file() or path.read_bytes() != data:
                fresh.append(path)
                path.with_suffix(".new").write_bytes(data)
        sync_file_system(library.objects_dir)
        for path in fresh:
            path.with_suffix(".new").replace(path)
        sync_directory(library.objects_dir)
        write_atomic(
            library.packs_dir / f"{record.manifest.name}.json", record.model_dump_json(indent=1).encode() + b"\n"
        )
    except (OSError, CapsuleError) as error:
        remove_unused(library)
        if isinstance(error, CapsuleError):
            raise
        raise CapsuleError(record.manifest.name, "library", f"cannot be written: {error.strerror}") from None
    remove_unused(library)


def remove_unused(library: Library) -> None:
    """Remove content that no record lists (of an older version, of an install that was cut short)."""
    refused: list[str] = []
    used = {sha for record in library.read_records(refused).values() for sha in record.manifest.files.values()}
    if refused:
        return  # a record that cannot be read now may list it
    for path in library.objects_dir.iterdir():
        if path.name not in used:
            path.unlink(missing_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """Replace a file of the library. Raises CapsuleError."""
    try:
        write_atomic(path, data)
    except OSError as error:
        raise CapsuleError(path.name, "library", f"cannot be written: {error.strerror}") from None
