from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.inference.tiny import write_tiny
from visaged.codec.opening import CodecModel, open_decoder, open_encoder
from visaged.inference.errors import NoPackageError


def test_both_directions_are_found_by_the_name_of_the_pair(mimi_root: Path) -> None:
    wish = CodecModel(codebooks=4)
    encoder, _ = open_encoder(wish, [mimi_root])
    decoder, refused = open_decoder(wish, [mimi_root])
    assert (encoder.codebooks, decoder.codebooks, refused) == (4, 4, [])
    with pytest.raises(NoPackageError, match="'other-encoder'"):
        open_encoder(CodecModel(model="other"), [mimi_root])


def test_without_a_package_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoPackageError, match="visaged models import mimi FILE"):
        open_encoder(CodecModel(), [tmp_path])


def test_a_damaged_package_is_passed_over_and_named(mimi_root: Path, tmp_path: Path) -> None:
    shutil.copytree(mimi_root, tmp_path / "models")
    (tmp_path / "models" / "mimi-encoder" / "mimi-encoder.fp32.onnx").write_bytes(b"half a file")
    with pytest.raises(NoPackageError, match=r"refused: .*sha256 is"):
        open_encoder(CodecModel(), [tmp_path / "models"])
    _, refused = open_encoder(CodecModel(), [tmp_path / "models", mimi_root])
    assert len(refused) == 1


def test_another_model_under_its_name_is_passed_over(mimi_root: Path, tmp_path: Path) -> None:
    write_tiny(tmp_path / "models" / "tiny", kind="mimi-decoder", name="mimi-decoder")
    decoder, refused = open_decoder(CodecModel(), [tmp_path / "models", mimi_root])
    assert decoder.package.folder.parent == mimi_root
    assert "24000 Hz" in str(refused[0])


def test_more_codebooks_than_there_are(mimi_root: Path) -> None:
    with pytest.raises(NoPackageError, match=r"has 8, codec\.codebooks = 16 asks for more"):
        open_encoder(CodecModel(codebooks=16), [mimi_root])


def test_a_provider_that_is_not_here_is_no_silent_cpu(mimi_root: Path) -> None:
    with pytest.raises(NoPackageError, match=r"no '?cuda"):
        open_encoder(CodecModel(providers=("cuda",)), [mimi_root])
