from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: ./setup.sh peers")

from models.mimi import importing, packaging, quality  # noqa: E402
from models.mimi.checkpoint import CheckpointError  # noqa: E402
from models.mimi.dims import NARROW  # noqa: E402
from models.mimi.importing import ImportRefused, import_checkpoint  # noqa: E402
from models.mimi.packaging import GateError, Plan  # noqa: E402
from models.mimi.quantize import Int8  # noqa: E402
from models.mimi.transformer import Memory  # noqa: E402
from models.mimi.twin import random_weights, write_hf, write_native  # noqa: E402
from visaged.codec.opening import CodecModel, open_decoder, open_encoder  # noqa: E402
from visaged.inference.find import list_packages  # noqa: E402


def plan(**changes: Any) -> Plan:
    return Plan(**({"sound": quality.test_sound(0.8), "source": "a test", "licence": "CC0-1.0"} | changes))


def silent(step: str, share: float) -> None:
    pass


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "mimi.safetensors"
    write_native(random_weights(NARROW), path)
    return path


def test_a_checkpoint_becomes_two_packages_with_figures(checkpoint: Path, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    wish = plan(codebooks=4)
    encoder, decoder = import_checkpoint(checkpoint, tmp_path, wish, lambda *step: told.append(step), NARROW)
    assert [folder.name for folder in sorted(tmp_path.iterdir())] == ["mimi-decoder-1.0.0", "mimi-encoder-1.0.0"]
    assert encoder.manifest.parity["fp32"] == 0.0
    assert decoder.manifest.parity["fp32"] < 1e-4
    assert 0 < decoder.manifest.parity["int8"] < 0.1
    assert encoder.manifest.int8_exact
    assert decoder.manifest.int8_exact
    assert encoder.manifest.quality["int8"].keys() == {"codes_equal", "semantic_equal", "distance_ratio"}
    assert decoder.manifest.quality["int8"]["snr_db"] > 20
    assert "mimi.safetensors, SHA-256 " in decoder.manifest.source
    assert told[-1] == ("done", 1.0)
    opened, refused = open_encoder(CodecModel(codebooks=4), [tmp_path])
    assert (opened.precision, refused) == ("int8", [])
    assert open_decoder(CodecModel(codebooks=4), [tmp_path])[0].precision == "int8"


def test_the_hf_layout_and_the_gpus_form(tmp_path: Path) -> None:
    write_hf(random_weights(NARROW), NARROW, tmp_path / "model.safetensors")
    wish = plan(memory=Memory.SHIFT, name="mimi-gpu")
    _, decoder = import_checkpoint(tmp_path / "model.safetensors", tmp_path / "models", wish, silent, NARROW)
    assert list(decoder.manifest.files) == ["fp32", "fp16"]
    assert not decoder.manifest.rings
    assert decoder.manifest.quality["fp16"]["snr_db"] > 40


def test_what_is_installed_stays(checkpoint: Path, tmp_path: Path) -> None:
    import_checkpoint(checkpoint, tmp_path, plan(), silent, NARROW)
    with pytest.raises(ImportRefused, match="installed already; give a higher --version"):
        import_checkpoint(checkpoint, tmp_path, plan(), silent, NARROW)
    import_checkpoint(checkpoint, tmp_path, plan(version="1.0.1"), silent, NARROW)
    assert len(list_packages(tmp_path)[0]) == 4


def _half(path: Path) -> Path:
    part = path.with_name("half.safetensors")
    part.write_bytes(path.read_bytes()[:5000])
    return part


def test_nothing_is_left_of_a_bad_file(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        import_checkpoint(_half(checkpoint), tmp_path / "models", plan(), silent, NARROW)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_disk_that_is_too_small_is_refused_before_the_work(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr(importing.shutil, "disk_usage", lambda root: full)
    with pytest.raises(ImportRefused, match=r"1 MiB free; \d+ MiB are needed"):
        import_checkpoint(checkpoint, tmp_path, plan(), silent, NARROW)


def test_nothing_is_left_when_the_disk_fills_half_way(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = packaging.to_int8

    def fails_at_the_second(source: Path, target: Path, scope: Int8) -> int:
        if "decoder" in target.name:
            raise OSError(28, "No space left on device")
        return real(source, target, scope)

    monkeypatch.setattr(packaging, "to_int8", fails_at_the_second)
    with pytest.raises(OSError, match="No space left"):
        import_checkpoint(checkpoint, tmp_path, plan(), silent, NARROW)
    assert list(tmp_path.iterdir()) == []


def test_both_or_none(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importing.put

    def fails_at_the_second(package: Any, root: Path) -> Any:
        if "decoder" in package.manifest.name:
            raise OSError(5, "Input/output error")
        return real(package, root)

    monkeypatch.setattr(importing, "put", fails_at_the_second)
    with pytest.raises(OSError, match="Input/output"):
        import_checkpoint(checkpoint, tmp_path, plan(), silent, NARROW)
    assert list(tmp_path.iterdir()) == []


def test_int8_of_everything_stands_before_the_gate(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "MIN_SNR_DB", 90.0)
    with pytest.raises(GateError, match=r"signal to noise .* accepted: 90 and more\. Leave out --int8-all"):
        import_checkpoint(checkpoint, tmp_path, plan(int8=Int8.EVERYTHING), silent, NARROW)
    assert list(tmp_path.iterdir()) == []
    # The transformer alone is installed in any case, but fp32 is used when it is not good enough.
    _, decoder = import_checkpoint(checkpoint, tmp_path, plan(), silent, NARROW)
    assert decoder.manifest.precision == "fp32"


def test_hiss_in_pauses_does_not_pass() -> None:
    speech = quality.test_sound(2.0)
    rng = np.random.default_rng(0)
    hiss = (rng.standard_normal(len(speech)) * 10 ** (-45 / 20)).astype(np.float32)
    floor = (rng.standard_normal(len(speech)) * 10 ** (-60 / 20)).astype(np.float32)
    assert quality.compare_decoded(speech + floor, speech + floor).refusal() == ""
    assert "pauses are at -4" in quality.compare_decoded(speech + floor + hiss, speech + floor).refusal()
    # Below what anybody hears it may rise.
    quiet = (rng.standard_normal(len(speech)) * 10 ** (-70 / 20)).astype(np.float32)
    assert quality.compare_decoded(speech + quiet, speech).refusal() == ""
