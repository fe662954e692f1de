"""The library on disk: install, replace, revoke, power cuts, damage; 10,000 capsules are in the benchmark."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.capsules.making import capsule, files, neutral, new_key, raw_pack, signed_pack
from visaged.capsules.errors import CapsuleError, UnknownError
from visaged.capsules.library import install as install_module
from visaged.capsules.library.install import add_local, install_pack, revoke
from visaged.capsules.library.library import Library
from visaged.signing import load_public_keys

TABLE = b'[events.E_1]\nface = "VF_A"\n'


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "library", built_in=())
    library.load()
    return library


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return new_key(tmp_path)


def _install(library: Library, key: Path, *cids: str, version: str = "1.0", name: str = "brand") -> None:
    path = key.parent / f"{name}-{version}.zip"
    content = files(*(capsule(cid, value=float(version) / 10) for cid in cids)) | {"moves.toml": TABLE}
    signed_pack(path, key, content, name, version)
    install_pack(library, path, load_public_keys(key.parent))


def _snapshot(library: Library) -> dict[str, bytes]:
    return {
        str(path.relative_to(library.root)): path.read_bytes() for path in library.root.rglob("*") if path.is_file()
    }


def test_an_empty_library_is_no_problem(library: Library) -> None:
    assert not library.catalogue.entries
    assert not library.catalogue.refused
    with pytest.raises(UnknownError, match="not installed"):
        library.entry("VF_A")


def test_what_was_installed_is_read(library: Library, key: Path) -> None:
    _install(library, key, "VF_A", "VF_B")
    assert sorted(library.catalogue.entries) == ["VF_A", "VF_B"]
    assert library.read(library.entry("VF_A")).header.cid == "VF_A"
    assert library.catalogue.packs == {"brand": "1.0"}
    assert library.catalogue.tables.events["E_1"].face == "VF_A"
    again = Library(library.root, built_in=())
    assert again.load() == library.catalogue


def test_a_pack_that_does_not_fit_the_disk_is_refused_before_it_is_written(
    library: Library, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(library, key, "VF_A")
    before = _snapshot(library)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=16 << 20))
    with pytest.raises(CapsuleError, match="16 MiB are free"):
        _install(library, key, "VF_A", "VF_B", version="2.0")
    assert _snapshot(library) == before


def test_the_index_is_used_and_made_again_when_damaged(library: Library, key: Path) -> None:
    _install(library, key, "VF_A", "VF_B")
    catalogue = library.catalogue
    sound = library.index_path.read_bytes()
    for damage in (b"", sound[:-5], sound.replace(b"VF_A", b"VF_X"), b"\0" * 100, b'{"format": 1}\n[]'):
        library.index_path.write_bytes(damage)
        again = Library(library.root, built_in=())
        assert again.load() == catalogue
        assert library.index_path.read_bytes() == sound
    library.index_path.unlink()
    assert Library(library.root, built_in=()).load() == catalogue


def test_a_stale_index_is_made_again(library: Library, key: Path) -> None:
    """The power went after the record was written and before the index was."""
    _install(library, key, "VF_A")
    old = library.index_path.read_bytes()
    _install(library, key, "VF_A", "VF_B", version="2.0")
    library.index_path.write_bytes(old)
    again = Library(library.root, built_in=())
    again.load()
    assert sorted(again.catalogue.entries) == ["VF_A", "VF_B"]
    assert again.catalogue.entries == library.catalogue.entries


def test_a_new_version_replaces_the_old_whole(library: Library, key: Path) -> None:
    _install(library, key, "VF_A", "VF_B")
    _install(library, key, "VF_B", "VF_C", version="2.0")
    assert sorted(library.catalogue.entries) == ["VF_B", "VF_C"]
    assert library.catalogue.packs == {"brand": "2.0"}
    assert len(list(library.objects_dir.iterdir())) == 3  # two capsules and a table: nothing of the old version


def _unsigned(library: Library, key: Path, path: Path) -> None:
    install_pack(library, raw_pack(path, list(files(capsule("VF_Z")).items())), load_public_keys(key.parent))


def _wrong_hash(library: Library, key: Path, path: Path) -> None:
    listed = {"VF_Z.capsule": "0" * 64}
    install_pack(library, raw_pack(path, list(files(capsule("VF_Z")).items()), files=listed), {}, unsigned=True)


def _taken(library: Library, key: Path, path: Path) -> None:
    signed_pack(path, key, files(capsule("VF_Z"), capsule("VF_A")), "other")
    install_pack(library, path, load_public_keys(key.parent))


def _local_name(library: Library, key: Path, path: Path) -> None:
    signed_pack(path, key, files(capsule("VF_Z")), "local")
    install_pack(library, path, load_public_keys(key.parent))


def _half(library: Library, key: Path, path: Path) -> None:
    signed_pack(path, key, files(capsule("VF_Z")), "other")
    path.write_bytes(path.read_bytes()[:-40])
    install_pack(library, path, load_public_keys(key.parent))


@pytest.mark.parametrize("attempt", [_unsigned, _wrong_hash, _taken, _local_name, _half])
def test_a_refused_pack_changes_nothing(
    library: Library, key: Path, tmp_path: Path, attempt: Callable[[Library, Path, Path], None]
) -> None:
    _install(library, key, "VF_A", "VF_B")
    before, catalogue = _snapshot(library), library.catalogue
    with pytest.raises(CapsuleError):
        attempt(library, key, tmp_path / "bad.zip")
    assert _snapshot(library) == before
    assert library.catalogue == catalogue


@pytest.mark.parametrize("step", ["write_atomic", "sync_file_system", "sync_directory"])
def test_a_full_disk_changes_nothing(library: Library, key: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    _install(library, key, "VF_A")
    before = _snapshot(library)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(install_module, step, fail)
    with pytest.raises(CapsuleError, match="No space left"):
        _install(library, key, "VF_B", version="2.0")
    assert _snapshot(library) == before
    assert sorted(Library(library.root, built_in=()).load().entries) == ["VF_A"]


class PowerCut(BaseException):
    """Nothing after this runs."""


@pytest.mark.parametrize("step", ["write_atomic", "sync_file_system", "sync_directory"])
def test_a_power_cut_leaves_the_old_or_the_new(
    library: Library, key: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    _install(library, key, "VF_A")

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(install_module, step, cut)
        with pytest.raises(PowerCut):
            _install(library, key, "VF_B", version="2.0")
    again = Library(library.root, built_in=())
    again.load()
    assert sorted(again.catalogue.entries) == ["VF_A"]
    assert again.read(again.entry("VF_A"))
    _install(again, key, "VF_B", version="3.0")
    assert len(list(library.objects_dir.iterdir())) == 2  # what the cut install left behind is gone


def test_revoking_takes_a_pack_away_and_keeps_it_away(library: Library, key: Path) -> None:
    _install(library, key, "VF_A")
    other = Library(library.root, built_in=())
    other.load()
    revoke(library, "brand@1.0")
    assert not library.catalogue.entries
    assert other.refresh()
    assert not other.catalogue.entries
    with pytest.raises(CapsuleError, match="revoked"):
        _install(library, key, "VF_A")
    _install(library, key, "VF_A", version="1.1")
    assert list(library.catalogue.entries) == ["VF_A"]


def test_revoking_a_key_takes_all_its_packs(library: Library, key: Path) -> None:
    _install(library, key, "VF_A")
    revoke(library, key=next(iter(load_public_keys(key.parent))))
    assert not library.catalogue.entries
    with pytest.raises(CapsuleError, match="revoked"):
        _install(library, key, "VF_A", version="2.0")


def test_a_damaged_revocation_list_revokes_all(library: Library, key: Path) -> None:
    _install(library, key, "VF_A")
    library.revoked_path.write_text("{")
    assert not library.load().entries
    assert "revoked.json" in library.catalogue.refused[0]
    with pytest.raises(CapsuleError, match=r"revoked\.json"):
        revoke(library, "brand")


@pytest.mark.parametrize("pack", ["nothing", "brand@9.9"])
def test_revoking_what_is_not_there_is_refused(library: Library, key: Path, pack: str) -> None:
    _install(library, key, "VF_A")
    with pytest.raises(UnknownError, match="not installed"):
        revoke(library, pack)


def test_refresh_sees_what_another_process_did(library: Library, key: Path) -> None:
    assert not library.refresh()
    _install(Library(library.root, built_in=()), key, "VF_A")
    assert library.refresh()
    assert "VF_A" in library.catalogue.entries
    assert not library.refresh()


def test_local_capsules_are_added_and_replaced(library: Library, key: Path) -> None:
    _install(library, key, "VF_A")
    add_local(library, [capsule("VF_MINE"), capsule("VF_YOURS")])
    first = library.entry("VF_MINE")
    add_local(library, [capsule("VF_MINE", value=0.7)])
    assert sorted(library.catalogue.entries) == ["VF_A", "VF_MINE", "VF_YOURS"]
    assert library.entry("VF_MINE").sha256 != first.sha256
    with pytest.raises(CapsuleError, match="'brand'"):
        add_local(library, [capsule("VF_A")])
    with pytest.raises(CapsuleError, match="twice"):
        add_local(library, [capsule("VF_B"), capsule("VF_B")])


def test_a_damaged_capsule_is_named_when_it_is_read(library: Library, key: Path) -> None:
    _install(library, key, "VF_A")
    entry = library.entry("VF_A")
    (library.objects_dir / entry.sha256).write_bytes(b"rubbish")
    with pytest.raises(CapsuleError, match="damaged"):
        library.read(entry)
    library.index_path.unlink()
    library.load()
    assert "damaged" in library.catalogue.refused[0]
    assert not library.index_path.exists()  # an index without it would hide it for good
    _install(library, key, "VF_A")
    assert library.read(library.entry("VF_A"))


def test_an_unreadable_record_costs_that_pack_only(library: Library, key: Path) -> None:
    _install(library, key, "VF_A")
    _install(library, key, "VF_B", name="second")
    (library.packs_dir / "brand.json").write_text(json.dumps({"manifest": 5}))
    library.load()
    assert list(library.catalogue.entries) == ["VF_B"]
    assert "brand.json" in library.catalogue.refused[0]


def test_the_operators_tables_win_and_bad_ones_are_named(library: Library, key: Path) -> None:
    _install(library, key, "VF_A", "VF_B")
    (library.tables_dir / "mine.toml").write_text('[events.E_1]\nface = "VF_B"\n')
    (library.tables_dir / "bad.json").write_text('{"events": {"E_2": {"face": 5}}}')
    library.load()
    assert library.catalogue.tables.events["E_1"].face == "VF_B"
    assert "events.E_2.face" in library.catalogue.refused[0]


def test_the_built_in_pack_needs_no_directory(tmp_path: Path) -> None:
    built_in = raw_pack(tmp_path / "starter.zip", list(files(neutral()).items()), name="starter")
    library = Library(tmp_path / "nowhere", built_in=[built_in])
    library.load()
    assert library.read(library.entry("VF_NEUTRAL")).header.cid == "VF_NEUTRAL"
    assert not (tmp_path / "nowhere").exists()


def test_an_installed_pack_of_the_same_name_replaces_the_built_in(tmp_path: Path, key: Path) -> None:
    built_in = raw_pack(tmp_path / "starter.zip", list(files(neutral(), capsule("VF_OLD")).items()), name="starter")
    library = Library(tmp_path / "library", built_in=[built_in])
    library.load()
    _install(library, key, "VF_NEW", name="starter")
    assert list(library.catalogue.entries) == ["VF_NEW"]
    revoke(library, "starter@1.0")
    assert not library.catalogue.entries  # the built-in one has that version too


def test_a_library_that_cannot_be_written_is_said(tmp_path: Path, key: Path) -> None:
    (tmp_path / "file").write_text("")
    library = Library(tmp_path / "file" / "library", built_in=())
    with pytest.raises(CapsuleError, match="cannot be written"):
        add_local(library, [capsule("VF_A")])
