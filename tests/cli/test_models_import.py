from __future__ import annotations

import errno
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.inference.tiny import write_tiny
from visaged.cli import main
from visaged.cli.models.build_tools import ToolsMissing, load
from visaged.console import exit_codes
from visaged.inference.package import load_package


def _run(root: Path, *words: str) -> int:
    return main(["models", "import", "--models", str(root), *words])


def test_a_package_folder_is_installed_under_name_and_version(tmp_path: Path) -> None:
    write_tiny(tmp_path / "made")
    assert _run(tmp_path / "box", str(tmp_path / "made")) == 0
    assert load_package(tmp_path / "box" / "tiny-1.0.0").manifest.name == "tiny"
    assert _run(tmp_path / "box", str(tmp_path / "made")) == 0


def test_a_zip_needs_a_trusted_signature_or_a_person_who_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny(tmp_path / "made")
    path = tmp_path / "tiny.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in (tmp_path / "made").iterdir():
            archive.write(file, file.name)
        archive.writestr("model.sig", b"s" * 64)
    assert _run(tmp_path / "box", str(path)) == exit_codes.FAILED
    assert "no key that this box trusts" in capsys.readouterr().err
    assert not list((tmp_path / "box").iterdir())
    assert _run(tmp_path / "box", "--unsigned", str(path)) == 0
    load_package(tmp_path / "box" / "tiny-1.0.0")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing-there"], "no such folder or file"),
        (["neurosync"], "visaged models import neurosync FILE"),
        (["a", "b"], "accepted: DIR, ZIP"),
        (["a", "b", "c"], "accepted: DIR, ZIP"),
    ],
)
def test_what_cannot_be_imported_is_named(
    tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(tmp_path / "box", *words) == exit_codes.FAILED
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("action", "kind"), [("import", "mimi"), ("import", "neurosync"), ("compare", "neurosync")])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "is a Git LFS pointer"),
        (b"<html><body>404</body></html>", "is a web page (HTML)"),
        (b"\x40\0\0\0\0\0\0\0" + b'{"weight":{"dtype":"F32",', "is cut off"),
    ],
)
def test_weights_that_are_none_are_named_before_any_install(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    action: str,
    kind: str,
    content: bytes,
    said: str,
) -> None:
    monkeypatch.setattr("visaged.cli.models.build_tools.PLACES", ())
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert main(["models", action, kind, str(path), "--models", str(tmp_path / "box")]) == exit_codes.FAILED
    error = capsys.readouterr().err
    assert f"'{path}' {said}" in error
    assert "build side" not in error
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize("content", [b"<html>", b"", b"PK\x03\x04 cut", b"version https://git-lfs.github.com/spec/v1"])
def test_a_package_zip_that_is_none_is_named(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny.zip"
    path.write_bytes(content)
    assert _run(tmp_path / "box", str(path)) == exit_codes.FAILED
    assert "not a whole package zip" in capsys.readouterr().err


def test_a_damaged_folder_leaves_what_is_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny(tmp_path / "made")
    assert _run(tmp_path / "box", str(tmp_path / "made")) == 0
    (tmp_path / "made" / "tiny.onnx").write_bytes(b"cut")
    assert _run(tmp_path / "box", str(tmp_path / "made")) == exit_codes.FAILED
    assert "copy the package again" in capsys.readouterr().err
    load_package(tmp_path / "box" / "tiny-1.0.0")


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny(tmp_path / "made")

    def full(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    assert _run(tmp_path / "box", str(tmp_path / "made")) == exit_codes.FAILED
    assert "nothing was changed" in capsys.readouterr().err
    assert not list((tmp_path / "box").iterdir())


def test_build_tools_say_what_is_missing_and_the_way_round(tmp_path: Path) -> None:
    with pytest.raises(ToolsMissing, match=r"build side of visaged is not on this machine.*models import DIR"):
        load("neurosync", "importing", places=[tmp_path])
    room = tmp_path / "models" / "anything"
    room.mkdir(parents=True)
    (room / "__init__.py").touch()
    with pytest.raises(ToolsMissing, match=f"{sys.executable} -m pip install no_such_package"):
        load("anything", "x", needs=["no_such_package"], places=[tmp_path])
