"""Packs: what a hostile or broken zip can try, each refused with one clear error."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.capsules.making import capsule, files, new_key, raw_pack, signed_pack
from visaged.capsules.errors import CapsuleError
from visaged.capsules.file import pack as pack_module
from visaged.capsules.file.pack import PackReader, write_pack
from visaged.capsules.library.install import check_pack
from visaged.signing import load_public_keys

GOOD = files(capsule("VF_A"), capsule("VF_B"))


def test_a_signed_pack_verifies_and_names_its_key(tmp_path: Path) -> None:
    key = new_key(tmp_path)
    path = signed_pack(tmp_path / "p.zip", key, GOOD)
    keys = load_public_keys(tmp_path)
    with PackReader(path) as reader:
        record, entries = check_pack(reader, keys)
    assert sorted(entries) == ["VF_A", "VF_B"]
    assert record.key in keys


def test_the_same_content_gives_the_same_bytes() -> None:
    assert write_pack("a", "1", GOOD) == write_pack("a", "1", dict(reversed(GOOD.items())))


def _refusal(path: Path, tmp_path: Path, unsigned: bool = True) -> CapsuleError:
    with pytest.raises(CapsuleError) as caught, PackReader(path) as reader:
        check_pack(reader, load_public_keys(tmp_path), unsigned)
    return caught.value


def test_unsigned_and_foreign_packs_are_refused_unless_asked_for(tmp_path: Path) -> None:
    path = raw_pack(tmp_path / "p.zip", list(GOOD.items()))
    assert _refusal(path, tmp_path, unsigned=False).field == "pack.sig"
    other = tmp_path / "other"
    other.mkdir()
    foreign = signed_pack(tmp_path / "q.zip", new_key(other), GOOD)
    assert "no key that this box trusts" in str(_refusal(foreign, tmp_path, unsigned=False))
    with PackReader(foreign) as reader:
        assert check_pack(reader, {}, unsigned=True)[0].key == ""


def test_a_changed_manifest_breaks_the_signature(tmp_path: Path) -> None:
    path = signed_pack(tmp_path / "p.zip", new_key(tmp_path), GOOD)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["pack.json"] = content["pack.json"].replace(b'"1.0"', b'"9.0"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    assert _refusal(path, tmp_path, unsigned=False).field == "pack.sig"


@pytest.mark.parametrize(
    "name", ["../VF_A.capsule", "/etc/VF_A.capsule", "a/VF_A.capsule", "VF_A.capsule/", "vf_a.capsule", "x.sh", ".."]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    error = _refusal(raw_pack(tmp_path / "p.zip", [(name, GOOD["VF_A.capsule"])]), tmp_path)
    assert "is no file of a pack" in str(error) or "not a plain file" in str(error) or "not a sound zip" in str(error)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("VF_A.capsule")
    info.external_attr = (kind | 0o777) << 16
    path = raw_pack(tmp_path / "p.zip", [(info, b"/etc/passwd")], files={"VF_A.capsule": "0" * 64})
    assert "not a plain file" in str(_refusal(path, tmp_path))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    twice = [("VF_A.capsule", GOOD["VF_A.capsule"])] * 2
    assert "twice" in str(_refusal(raw_pack(tmp_path / "p.zip", twice), tmp_path))


def test_the_list_is_closed_both_ways(tmp_path: Path) -> None:
    listed = {"VF_A.capsule": "0" * 64, "VF_MISSING.capsule": "0" * 64}
    path = raw_pack(tmp_path / "p.zip", [("VF_A.capsule", b"")], files=listed)
    assert _refusal(path, tmp_path).field == "VF_MISSING.capsule"
    path = raw_pack(
        tmp_path / "p.zip", [("VF_A.capsule", b""), ("VF_B.capsule", b"")], files={"VF_A.capsule": "0" * 64}
    )
    assert _refusal(path, tmp_path).field == "VF_B.capsule"


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    path = raw_pack(tmp_path / "p.zip", [("VF_A.capsule", GOOD["VF_A.capsule"])], files={"VF_A.capsule": "0" * 64})
    assert "sha256" in str(_refusal(path, tmp_path))


def test_a_capsule_under_another_name_is_refused(tmp_path: Path) -> None:
    assert _refusal(raw_pack(tmp_path / "p.zip", [("VF_B.capsule", GOOD["VF_A.capsule"])]), tmp_path).field == "cid"


def test_a_bad_table_is_refused(tmp_path: Path) -> None:
    path = raw_pack(tmp_path / "p.zip", [("moves.toml", b"[events.E_1]\nface = 'nonsense'")])
    assert _refusal(path, tmp_path).field == "events.E_1.face"


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = raw_pack(tmp_path / "p.zip", [("VF_A.capsule", b"\0" * (30 * 1024 * 1024))])
    assert "at most" in str(_refusal(path, tmp_path))
    assert path.stat().st_size < 100_000


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    path = raw_pack(tmp_path / "p.zip", [("VF_A.capsule", b"\0" * 1_000_000)])
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.rfind(signature) + offset
        data[at : at + 4] = struct.pack("<I", 100)
    path.write_bytes(bytes(data))
    assert "VF_A.capsule" in str(_refusal(path, tmp_path))


def test_a_directory_of_millions_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = raw_pack(tmp_path / "p.zip", list(GOOD.items()))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\5\6")
    data[at + 12 : at + 16] = struct.pack("<I", 2**31)
    path.write_bytes(bytes(data))
    monkeypatch.setattr(pack_module.zipfile, "ZipFile", None)  # must not be reached
    assert "directory" in str(_refusal(path, tmp_path))


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\5\6", b"hello" * 100])
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    assert _refusal(path, tmp_path).field == "file"
    assert "cannot be read" in str(_refusal(tmp_path / "none.zip", tmp_path))


@pytest.mark.parametrize(
    "manifest", [{"format": 2}, {"name": "../x"}, {"version": "new"}, {"files": {}}, {"more": 1}, {"files": {"a": "b"}}]
)
def test_a_bad_manifest_names_its_field(tmp_path: Path, manifest: dict[str, object]) -> None:
    path = raw_pack(tmp_path / "p.zip", list(GOOD.items()), **manifest)
    assert _refusal(path, tmp_path).field.split(".")[0] in manifest


SMALL = io.BytesIO(write_pack("brand", "1", files(capsule("VF_A", frames=8, fade_in_ms=0, fade_out_ms=0)))[0])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_pack_is_sound_or_one_error(tmp_path: Path, data: st.DataObject) -> None:
    mutated = bytearray(SMALL.getvalue())
    for _ in range(data.draw(st.integers(1, 5))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "p.zip"
    path.write_bytes(bytes(mutated[: data.draw(st.integers(0, len(mutated)))]) if data.draw(st.booleans()) else mutated)
    try:
        with PackReader(path) as reader:
            check_pack(reader, {}, unsigned=True)
    except CapsuleError as error:
        assert error.field or error.problem
