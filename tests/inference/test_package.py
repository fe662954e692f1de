from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inference.tiny import fields, write_model, write_tiny
from visaged.inference import package as package_module
from visaged.inference.errors import PackageError
from visaged.inference.manifest import Manifest
from visaged.inference.package import load_package, write_package


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_written_package_loads(tmp_path: Path) -> None:
    written = write_tiny(tmp_path / "tiny")
    loaded = load_package(tmp_path / "tiny")
    assert loaded == written
    assert loaded.model_path() == tmp_path / "tiny" / "tiny.onnx"
    assert loaded.manifest.lookahead_ms == (0.0,)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    write_tiny(tmp_path / "tiny")
    model = tmp_path / "tiny" / "tiny.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    with pytest.raises(PackageError, match=r"tiny\.onnx: sha256 is"):
        load_package(tmp_path / "tiny")


@pytest.mark.parametrize(
    "name", ["../tiny.onnx", "/etc/passwd", "sub/tiny.onnx", "..", "", "model.json", "a\x00b", "x" * 65]
)
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    write_tiny(tmp_path / "tiny")
    edit(tmp_path / "tiny", files={"fp32": name}, sha256={name: "0" * 64})
    with pytest.raises(PackageError, match="plain file name"):
        load_package(tmp_path / "tiny")


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path / "tiny")
    model = tmp_path / "tiny" / "tiny.onnx"
    model.rename(tmp_path / "elsewhere.onnx")
    model.symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(PackageError, match="not a regular file"):
        load_package(tmp_path / "tiny")


def test_a_file_without_a_hash_is_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path / "tiny")
    (tmp_path / "tiny" / "weights.bin").write_bytes(b"x")
    with pytest.raises(PackageError, match=r"weights\.bin: is in the folder but not in sha256"):
        load_package(tmp_path / "tiny")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "face"),
        ("precision", "fp64"),
        ("precision", "int8"),
        ("version", "1"),
        ("sample_rate_hz", 0),
        ("frame_rate_hz", float("nan")),
        ("lookahead_ms", []),
        ("lookahead_ms", -40),
        ("inputs", []),
        ("state", [{"name": "sound", "output": "y", "shape": [1]}]),
        ("outputs", [{"name": "curves", "shape": [0, 61]}]),
        ("created", "2026-01-01T00:00:00"),
        ("parity", {}),
        ("colour", "red"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, field: str, value: object) -> None:
    write_tiny(tmp_path / "tiny")
    edit(tmp_path / "tiny", **{field: value})
    with pytest.raises(PackageError) as caught:
        load_package(tmp_path / "tiny")
    assert field in str(caught.value) or "tensor names" in str(caught.value)


def test_a_missing_file_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"model\.json: cannot be read: No such file"):
        load_package(tmp_path / "nothing")
    write_tiny(tmp_path / "tiny")
    (tmp_path / "tiny" / "tiny.onnx").unlink()
    with pytest.raises(PackageError, match=r"tiny\.onnx: is not a regular file"):
        load_package(tmp_path / "tiny")


def test_sizes_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny(tmp_path / "tiny")
    with monkeypatch.context() as patch:
        patch.setattr(package_module, "MAX_FILE_BYTES", 10)
        with pytest.raises(PackageError, match="1 to 10 are accepted"):
            load_package(tmp_path / "tiny")
    (tmp_path / "tiny" / "model.json").write_bytes(b" " * (package_module.MAX_MANIFEST_BYTES + 1))
    with pytest.raises(PackageError, match="larger than"):
        load_package(tmp_path / "tiny")


def test_a_precision_that_is_not_there_is_named(tmp_path: Path) -> None:
    package = write_tiny(tmp_path / "tiny")
    assert package.choose("auto") == package.choose("fp32") == "fp32"
    with pytest.raises(PackageError, match="no precision 'int8'; there is fp32"):
        package.model_path("int8")


def test_a_refused_write_leaves_no_manifest(tmp_path: Path) -> None:
    write_model(tmp_path / "tiny.onnx")
    with pytest.raises(PackageError, match="opset"):
        write_package(tmp_path, **fields(opset="new"))
    (tmp_path / "stray").mkdir()
    with pytest.raises(PackageError, match="stray"):
        write_package(tmp_path, **fields())
    assert not (tmp_path / "model.json").exists()


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_garbage_is_a_package_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("garbage")
    (folder / "model.json").write_bytes(data)
    with pytest.raises(PackageError):
        load_package(folder)


def test_the_manifest_survives_a_round_trip(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path / "tiny").manifest
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
