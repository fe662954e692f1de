"""What was imported can be used, or the import says so: revoked packs and IDs that two packs have."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.capsules.making import capsule, files, new_key, signed_pack
from visaged.capsules.library.install import add_local, install_pack, revoke
from visaged.capsules.library.library import Library
from visaged.signing import load_public_keys


def _library(folder: Path) -> Library:
    library = Library(folder, built_in=())
    library.load()
    return library


def test_a_revoked_pack_takes_no_id_from_another(tmp_path: Path) -> None:
    library, other = _library(tmp_path / "library"), _library(tmp_path / "other")
    # Read after "local": the last pack read had the ID.
    pack = signed_pack(tmp_path / "zebra.zip", new_key(tmp_path), files(capsule("VF_A")), "zebra")
    install_pack(other, pack, load_public_keys(tmp_path))
    add_local(library, [capsule("VF_A", value=0.3)])
    shutil.copytree(other.root, library.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("index.json"))
    library.load()
    revoke(library, "zebra")
    assert library.catalogue.entries["VF_A"].pack == "local"
    assert _library(library.root).catalogue.entries["VF_A"].pack == "local"  # and from the index
