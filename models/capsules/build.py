"""Builds the starter pack: every pose file baked, encoded and packed; the same files give the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from models.capsules.keyposes import bake
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.capsule import SUFFIX, Capsule
from visaged.capsules.file.pack import write_pack

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

POSES: Final = Path(__file__).parent / "poses"
TABLES: Final = POSES / "tables.toml"
PACK: Final = Path(__file__).parents[2] / "daemon" / "visaged" / "packages" / "capsules" / "starter.zip"
VERSION: Final = "1.0.0"


def read_poses(folder: Path = POSES) -> dict[str, dict[str, Any]]:
    """All tables of all pose files, by ID, in the order of the files. Raises ValueError for an ID that comes twice."""
    tables: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.toml")):
        if path == TABLES:
            continue
        for cid, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if cid in tables:
                raise ValueError(f"{path.name}: {cid} stands there twice")
            tables[cid] = table
    return tables


def bake_all(folder: Path = POSES) -> list[Capsule]:
    """Every capsule of the pack."""
    return [bake(cid, table) for cid, table in read_poses(folder).items()]


def build(target: Path = PACK) -> int:
    """Write the pack; returns how many capsules are in it."""
    files = {f"{capsule.header.cid}{SUFFIX}": capsule_format.encode(capsule) for capsule in bake_all()}
    count = len(files)
    files[TABLES.name] = TABLES.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(write_pack("starter", VERSION, files, "CC0-1.0")[0])
    return count
