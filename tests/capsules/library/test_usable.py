"""What was imported can be used, or the import says so: revoked packs and IDs that two packs have."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.capsules.making import capsule, files, new_key, signed_pack
from visaged.capsules.errors import CapsuleError
from visaged.capsules.library.install import add_local, install_pack, revoke
from visaged.capsules.library.library import Library
from visaged.capsules.library.removal import remove, unrevoke
from visaged.cli.main import main
from visaged.curves import COUNT
from visaged.recording import Recording, write
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


def test_an_import_into_the_revoked_local_pack_is_refused(tmp_path: Path) -> None:
    library = _library(tmp_path / "library")
    add_local(library, [capsule("VF_A")])
    revoke(library, "local")
    with pytest.raises(CapsuleError, match="unrevoke local"):
        add_local(library, [capsule("VF_B", value=0.2)])
    unrevoke(library, "local")
    assert list(library.catalogue.entries) == ["VF_A"]
    add_local(library, [capsule("VF_B", value=0.2)])
    assert sorted(library.catalogue.entries) == ["VF_A", "VF_B"]


def test_an_import_that_cannot_be_used_is_not_exit_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording, root = tmp_path / "take.csv", tmp_path / "library"
    write(recording, Recording(np.full((30, COUNT), 0.2, np.float32), 30))  # type: ignore[arg-type]
    words = ["capsules", "import", str(recording), "--library", str(root), "--cid"]
    assert main([*words, "VF_A"]) == 0
    revoke(_library(root), "local")
    assert main([*words, "VF_B"]) == 1
    assert "is revoked here" in capsys.readouterr().err
    # A capsule of an ID that no pack may share, in a list that was edited by hand.
    unrevoke(_library(root), "local")
    record = root / "packs" / "local.json"
    (root / "packs" / "zebra.json").write_text(record.read_text().replace('"local"', '"zebra"'))
    assert main([*words, "VF_A"]) == 1
    assert "zebra" in capsys.readouterr().err


def test_a_pack_whose_id_another_has_by_now_stays_revoked(tmp_path: Path) -> None:
    library = _library(tmp_path / "library")
    pack = signed_pack(tmp_path / "brand.zip", new_key(tmp_path), files(capsule("VF_A")), "brand")
    install_pack(library, pack, load_public_keys(tmp_path))
    revoke(library, "brand")
    add_local(library, [capsule("VF_A", value=0.3)])
    with pytest.raises(CapsuleError, match=r"VF_A.*in the installed pack 'local' too"):
        unrevoke(library, "brand")
    assert library.catalogue.entries["VF_A"].pack == "local"
    remove(library, "VF_A")
    unrevoke(library, "brand")
    assert library.catalogue.entries["VF_A"].pack == "brand"
