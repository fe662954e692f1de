"""What a library holds at one moment: entries by ID and tables; and the index file that makes it quick to load.

Index file: one line of JSON (``format``, ``sha256`` of the rest, ``records``: the hash of each pack record it was made
from), then a JSON array of ``[cid, sha256, bytes, pack, header]``. It is derived: damaged or stale, it is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.header import Header
from visaged.capsules.library.tables import Tables

_FORMAT: Final = 1


class Entry(NamedTuple):
    """One installed capsule."""

    cid: str
    sha256: str
    """Of the file: the key of the cache."""
    bytes: int
    pack: str
    header_json: str

    @property
    def header(self) -> Header:
        """The header, parsed now (it was checked before the entry was made)."""
        return capsule_format.decode_header(self.header_json, self.cid)


@dataclass(frozen=True)
class Catalogue:
    """Never changed, only replaced whole: any thread may read it."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    tables: Tables = field(default_factory=Tables)
    packs: Mapping[str, str] = field(default_factory=dict)
    """Pack name -> version."""
    refused: tuple[str, ...] = ()
    """What could not be used, one sentence each."""


def encode_index(entries: Mapping[str, Entry], records: Mapping[str, str]) -> bytes:
    """The index file for ``entries``, made from the pack ``records`` (name -> sha256)."""
    body = json.dumps([list(entry) for entry in entries.values()], separators=(",", ":"), ensure_ascii=False).encode()
    head = {"format": _FORMAT, "sha256": hashlib.sha256(body).hexdigest(), "records": dict(records)}
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + body


def decode_index(data: bytes, records: Mapping[str, str]) -> tuple[dict[str, Entry], bool]:
    """(entries, whether they are what ``records`` say). If not, they are sound, but too many or too few."""
    line, _, body = data.partition(b"\n")
    try:
        head: Any = json.loads(line)
    except (ValueError, RecursionError):
        return {}, False
    sound = {"format": _FORMAT, "sha256": hashlib.sha256(body).hexdigest()}
    if not isinstance(head, dict) or not sound.items() <= head.items():
        return {}, False
    # The hash is ours: what it covers was checked when it was written.
    return {row[0]: Entry(*row) for row in json.loads(body)}, head.get("records") == dict(records)
