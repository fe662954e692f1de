"""What was put into the library can be taken out again, and nothing else goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capsules.making import capsule, files, new_key, signed_pack
from visaged.capsules.errors import CapsuleError, UnknownError
from visaged.capsules.library.install import add_local, install_pack, revoke
from visaged.capsules.library.library import BUILT_IN, Library
from visaged.capsules.library.removal import remove, unrevoke
from visaged.signing import load_public_keys


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "library", built_in=())
    library.load()
    return library


def _install(library: Library, folder: Path, *cids: str, name: str = "brand") -> None:
    key = folder / "maker.pem" if (folder / "maker.pem").exists() else new_key(folder)
    path = signed_pack(folder / f"{name}.zip", key, files(*map(capsule, cids)), name, "1.0")
    install_pack(library, path, load_public_keys(folder))


def _objects(library: Library) -> int:
    return len(list(library.objects_dir.iterdir()))


def test_a_pack_is_removed_with_its_files_and_can_come_back(library: Library, tmp_path: Path) -> None:
    _install(library, tmp_path, "VF_A", "VF_B")
    add_local(library, [capsule("VF_MINE")])
    assert remove(library, "brand") == ("VF_A", "VF_B")
    assert (list(library.catalogue.entries), _objects(library)) == (["VF_MINE"], 1)
    _install(library, tmp_path, "VF_A")
    assert sorted(library.catalogue.entries) == ["VF_A", "VF_MINE"]


def test_an_imported_capsule_is_removed_and_the_others_stay(library: Library) -> None:
    add_local(library, [capsule("VF_A"), capsule("VF_B", value=0.2)])
    assert remove(library, "VF_A") == ("VF_A",)
    assert list(library.catalogue.entries) == ["VF_B"]
    assert remove(library, "VF_B") == ("VF_B",)
    assert (library.catalogue.entries, _objects(library)) == ({}, 0)


@pytest.mark.parametrize("name", ["nobody", "VF_NOBODY", "local"])
def test_what_is_not_there_is_not_removed(library: Library, tmp_path: Path, name: str) -> None:
    _install(library, tmp_path, "VF_A")
    with pytest.raises(UnknownError, match=name):
        remove(library, name)
    assert list(library.catalogue.entries) == ["VF_A"]


def test_what_a_pack_brought_is_not_removed_by_its_id(library: Library, tmp_path: Path) -> None:
    _install(library, tmp_path, "VF_A")
    with pytest.raises(UnknownError, match="no capsule that was imported"):
        remove(library, "VF_A")


def test_what_ships_with_the_program_can_only_be_revoked(tmp_path: Path) -> None:
    library = Library(tmp_path / "library", built_in=BUILT_IN)
    library.load()
    with pytest.raises(CapsuleError, match="revoke it instead"):
        remove(library, "starter")


def test_the_packs_of_a_revoked_key_are_used_again_when_it_is_unrevoked(library: Library, tmp_path: Path) -> None:
    _install(library, tmp_path, "VF_A")
    _install(library, tmp_path, "VF_B", name="other")
    (key,) = load_public_keys(tmp_path)
    revoke(library, key=key)
    assert not library.catalogue.entries
    with pytest.raises(UnknownError, match="is not revoked; revoked is nothing"):
        unrevoke(library, "brand")
    with pytest.raises(UnknownError, match=f"revoked is {key}"):
        unrevoke(library, key="0" * 64)
    unrevoke(library, key=key)
    assert sorted(library.catalogue.entries) == ["VF_A", "VF_B"]
    revoke(library, "other@1.0")
    revoke(library, key=key)
    unrevoke(library, key=key)
    assert list(library.catalogue.entries) == ["VF_A"], "the other is revoked by name, too"


def test_the_key_of_a_pack_whose_id_another_has_by_now_stays_revoked(library: Library, tmp_path: Path) -> None:
    _install(library, tmp_path, "VF_A")
    (key,) = load_public_keys(tmp_path)
    revoke(library, key=key)
    add_local(library, [capsule("VF_A")])
    with pytest.raises(CapsuleError, match="is in the installed pack 'local' too"):
        unrevoke(library, key=key)
    assert library.read_revoked().keys == [key]


def test_a_revoked_pack_is_used_again_when_it_is_unrevoked(library: Library, tmp_path: Path) -> None:
    _install(library, tmp_path, "VF_A")
    revoke(library, "brand")
    assert not library.catalogue.entries
    with pytest.raises(UnknownError, match="revoked is brand"):
        unrevoke(library, "brand@1.0")
    unrevoke(library, "brand")
    assert list(library.catalogue.entries) == ["VF_A"]


def test_a_revoked_pack_owns_no_id(library: Library, tmp_path: Path) -> None:
    _install(library, tmp_path, "VF_A")
    with pytest.raises(CapsuleError, match="in the installed pack 'brand' too"):
        add_local(library, [capsule("VF_A")])
    revoke(library, "brand")
    add_local(library, [capsule("VF_A", value=0.3)])
    assert library.catalogue.entries["VF_A"].pack == "local"


@pytest.mark.parametrize("damage", [b"", b"{", b'{"manifest": {"name": "local"}}'])
def test_a_damaged_list_of_imported_capsules_deletes_none(library: Library, damage: bytes) -> None:
    add_local(library, [capsule("VF_A")])
    record = library.packs_dir / "local.json"
    whole = record.read_bytes()
    record.write_bytes(whole[: len(whole) // 2] if damage == b"" else damage)
    with pytest.raises(CapsuleError, match=r"local\.json.*nothing was changed"):
        add_local(library, [capsule("VF_B", value=0.2)])
    record.write_bytes(whole)
    library.load()
    assert list(library.catalogue.entries) == ["VF_A"]
    assert library.read(library.catalogue.entries["VF_A"]).header.cid == "VF_A"
