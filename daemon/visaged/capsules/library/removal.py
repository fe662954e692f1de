"""Taking out of the library what was put in: a pack, a capsule made on this box, a revocation."""

from __future__ import annotations

from visaged.capsules.errors import CapsuleError, UnknownError
from visaged.capsules.file.capsule import SUFFIX
from visaged.capsules.file.ids import check_cid
from visaged.capsules.library.install import prepare, refuse_taken, remove_unused, write_file
from visaged.capsules.library.library import LOCAL_PACK, Library, Record, Revoked
from visaged.capsules.library.storage import only_writer


def remove(library: Library, name: str) -> tuple[str, ...]:
    """Remove the pack ``name``, or the capsule ``name`` that was made on this box; the IDs that are gone.

    Raises UnknownError when it is not installed, CapsuleError when it cannot be removed; nothing is done then.
    """
    before = set(library.load().entries)
    prepare(library)
    with only_writer(library.root):
        refused: list[str] = []
        records = library.read_records(refused)
        if name == name.upper():  # packs have lower-case names, IDs upper-case ones
            check_cid(name)
            _remove_local(library, name, records, refused)
        else:
            _remove_pack(library, name, records)
        remove_unused(library)
    return tuple(sorted(before - set(library.load().entries)))


def unrevoke(library: Library, pack: str = "", key: str = "") -> None:
    """Let ``pack`` (as it was revoked: ``name`` or ``name@version``), or those of ``key``, be used and installed again.

    Raises UnknownError when it is not revoked, CapsuleError when another pack has one of the IDs by now, or when the
    list cannot be read or written; nothing is done then.
    """
    prepare(library)
    with only_writer(library.root):
        revoked = library.read_revoked()
        for name, what, listed in ((pack, "pack", revoked.packs), (key, "key", revoked.keys)):
            if name and name not in listed:
                raise UnknownError(name, what, f"is not revoked; revoked is {', '.join(listed) or 'nothing'}")
        left = Revoked(
            packs=[name for name in revoked.packs if name != pack], keys=[name for name in revoked.keys if name != key]
        )
        for record in library.read_records([]).values():
            if revoked.covers(record) and not left.covers(record):
                refuse_taken(library, record, _cids_of(record))
        write_file(library.revoked_path, left.model_dump_json(indent=1).encode())
    library.load()


def _cids_of(record: Record) -> list[str]:
    """The IDs of the capsules that a record lists."""
    return [name.removesuffix(SUFFIX) for name in record.manifest.files if name.endswith(SUFFIX)]


def _remove_pack(library: Library, name: str, records: dict[str, Record]) -> None:
    path = library.packs_dir / f"{name}.json"
    if name in library.catalogue.packs and name not in records:
        raise CapsuleError(name, "pack", "ships with the program and cannot be removed; revoke it instead")
    if name not in records:
        raise UnknownError(name, "pack", f"is not installed; there is {', '.join(records) or 'none'}")
    try:
        path.unlink()
    except OSError as error:
        raise CapsuleError(path.name, "library", f"cannot be removed: {error.strerror}") from None


def _remove_local(library: Library, cid: str, records: dict[str, Record], refused: list[str]) -> None:
    record = records.get(LOCAL_PACK)
    listed = dict(record.manifest.files) if record else {}
    if f"{cid}{SUFFIX}" not in listed:
        why = f"; {'; '.join(refused)}" if refused else ""
        raise UnknownError(cid, "cid", f"is no capsule that was imported on this box{why}")
    del listed[f"{cid}{SUFFIX}"]
    assert record is not None
    if not listed:
        _remove_pack(library, LOCAL_PACK, records)
        return
    left = record.model_copy(update={"manifest": record.manifest.model_copy(update={"files": listed})})
    write_file(library.packs_dir / f"{LOCAL_PACK}.json", left.model_dump_json(indent=1).encode() + b"\n")
