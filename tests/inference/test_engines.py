"""Which engine belongs to which box and model, and that none is built or guessed at when it is wanted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.inference.tiny import write_tiny
from visaged.inference import engine_build, engines, gpu
from visaged.inference.engine_build import build_engine
from visaged.inference.engines import EngineKey, is_built, open_on_tensorrt, tensorrt_options
from visaged.inference.errors import SessionError
from visaged.inference.gpu import Gpu, GpuMissing, version_text
from visaged.inference.package import Package, model_hash
from visaged.inference.step import StepRunner

KEY = EngineKey(Gpu("NVIDIA Orin (nvgpu)", (8, 7)), "10.3.0", "1.23.0", "a" * 64, "fp16")


def test_the_folder_name_tells_everything_and_is_a_plain_name() -> None:
    assert KEY.folder_name == "nvidia-orin-nvgpu-sm87_trt10.3.0_ort1.23.0_fp16_" + "a" * 16


@pytest.mark.parametrize(
    "change",
    [
        {"gpu": Gpu("NVIDIA Orin (nvgpu)", (8, 9))},
        {"gpu": Gpu("another", (8, 7))},
        {"tensorrt": "10.3.1"},
        {"onnxruntime": "1.23.1"},
        {"model": "b" * 64},
        {"precision": "fp32"},
    ],
)
def test_whatever_an_engine_depends_on_gives_another_folder(change: dict[str, Any]) -> None:
    assert dataclasses.replace(KEY, **change).folder_name != KEY.folder_name


def test_a_name_from_a_driver_cannot_lead_out_of_the_cache() -> None:
    name = dataclasses.replace(KEY, gpu=Gpu("../../etc/\x00" * 30, (8, 7))).folder_name
    assert "/" not in name
    assert "\x00" not in name
    assert len(name) < 128


def test_the_hash_covers_weights_beside_the_graph(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path / "tiny").manifest
    changed = manifest.model_copy(update={"sha256": {**manifest.sha256, "tiny.weights": "c" * 64}})
    assert model_hash(manifest) != model_hash(changed)


@pytest.mark.parametrize(
    ("number", "text"), [(8502, "8.5.2"), (8601, "8.6.1"), (100300, "10.3.0"), (101303, "10.13.3")]
)
def test_tensorrts_number(number: int, text: str) -> None:
    assert version_text(number) == text


def test_fp16_is_allowed_only_where_it_is_meant(tmp_path: Path) -> None:
    assert tensorrt_options(tmp_path, "fp16")["trt_fp16_enable"] == "1"
    assert tensorrt_options(tmp_path, "fp32")["trt_fp16_enable"] == "0"
    assert tensorrt_options(tmp_path, "fp32")["trt_engine_cache_path"] == str(tmp_path)


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> None:
    """A box with GPU and TensorRT, as far as their libraries are asked."""
    monkeypatch.setattr(engines, "find_gpu", lambda: KEY.gpu)
    monkeypatch.setattr(engines, "tensorrt_version", lambda: KEY.tensorrt)


@pytest.mark.usefixtures("box")
def test_an_engine_that_was_not_built_is_refused_with_the_command(tmp_path: Path) -> None:
    package = write_tiny(tmp_path / "tiny")
    with pytest.raises(SessionError, match=f"visaged models build {package.folder}"):
        StepRunner(package, providers=["tensorrt"], engine_cache=tmp_path / "cache")


def test_without_a_gpu_the_word_is_honest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Gpu:
        raise GpuMissing("no NVIDIA driver is installed")

    monkeypatch.setattr(engines, "find_gpu", missing)
    with pytest.raises(SessionError, match="names tensorrt, but no NVIDIA driver"):
        open_on_tensorrt(write_tiny(tmp_path / "tiny"), "fp32", ["tensorrt"], 1, tmp_path)


class FakeTensorrt:
    """Runs nothing, answers what the tiny model would, and leaves an engine file; or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.options: dict[str, str] = {}

    def open(self, path: Path, providers: list[str], *_: Any, **named: Any) -> Any:
        if named.get("provider_options"):
            self.options = dict(named["provider_options"]["TensorrtExecutionProvider"])
            Path(self.options["trt_engine_cache_path"], "model.engine").write_bytes(b"engine")
        return self

    def run(self, names: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        if self.error:
            raise self.error
        return [np.zeros((1, 61), np.float32)]


def _build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeTensorrt) -> Package:
    monkeypatch.setattr(engine_build, "open_session", fake.open)
    monkeypatch.setattr(engine_build, "_SECONDS", 0.0)
    package = write_tiny(tmp_path / "tiny")
    build_engine(package, "fp32", tmp_path / "cache", KEY)
    return package


def test_a_built_engine_is_used_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeTensorrt()
    _build(tmp_path, monkeypatch, fake)
    assert is_built(tmp_path / "cache", KEY)
    assert not is_built(tmp_path / "cache", dataclasses.replace(KEY, tensorrt="10.4.0"))
    assert fake.options["trt_engine_cache_path"] == str(tmp_path / "cache" / KEY.folder_name)


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_a_build_that_ends_early_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with pytest.raises((SessionError, KeyboardInterrupt)):
        _build(tmp_path, monkeypatch, FakeTensorrt(error))
    assert not list((tmp_path / "cache").iterdir())


def test_a_driver_without_a_gpu_is_told_from_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    class Driver:
        def __getattr__(self, name: str) -> Any:
            return lambda *arguments: 100 if name == "cuInit" else 0

    monkeypatch.setattr(gpu.ctypes, "CDLL", lambda name: Driver())
    with pytest.raises(GpuMissing, match="CUDA error 100"):
        gpu.find_gpu()
