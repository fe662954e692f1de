"""Models over the air: only what a key of this box has signed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.capsules.making import new_key
from tests.inference.tiny import write_tiny
from visaged.app.commands import install
from visaged.control.protocol.refusal import Refusal
from visaged.signing import sign


@pytest.fixture(autouse=True)
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders of models and keys."""
    monkeypatch.setattr(install, "BOX_ROOT", tmp_path / "models")
    monkeypatch.setattr(install, "KEYS_DIR", tmp_path / "keys")
    (tmp_path / "keys").mkdir()
    return tmp_path


def _zip(box: Path, key: Path | None) -> Path:
    folder, path = box / "made", box / "model.zip"
    write_tiny(folder)
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
        if key is not None:
            archive.writestr("model.sig", sign((folder / "model.json").read_bytes(), key))
    return path


def test_a_model_that_a_key_of_the_box_has_signed_is_installed(box: Path) -> None:
    installed = install.install_model(_zip(box, new_key(box / "keys")))
    assert (installed.name, installed.version) == ("tiny", "1.0.0")
    assert (box / "models" / "tiny-1.0.0" / "model.json").is_file()


@pytest.mark.parametrize("signed", [False, True])
def test_what_nobody_or_a_stranger_has_signed_is_refused(box: Path, signed: bool) -> None:
    new_key(box / "keys")
    strangers = box / "strangers"
    strangers.mkdir()
    with pytest.raises(Refusal, match=r"model\.sig") as caught:
        install.install_model(_zip(box, new_key(strangers) if signed else None))
    assert (caught.value.code, caught.value.field) == ("refused", "url")
    assert list((box / "models").iterdir()) == []


def test_without_any_key_nothing_is_installed(box: Path) -> None:
    (box / "strangers").mkdir()
    with pytest.raises(Refusal, match="by no key that this box trusts"):
        install.install_model(_zip(box, new_key(box / "strangers")))
