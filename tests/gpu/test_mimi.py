"""Mimi on a card: the GPU's form on CUDA against the CPU's, over more than a window. ``make test-gpu``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.mimi.dims import FRAME, NARROW
from models.mimi.packaging import Plan
from models.mimi.random_packages import write
from models.mimi.transformer import Memory
from visaged.codec import offline
from visaged.codec.mimi import MimiDecoder, MimiEncoder
from visaged.codec.opening import CodecModel, open_decoder, open_encoder

CUDA = "CUDAExecutionProvider"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CPU's packages and the GPU's, of the same weights."""
    folder = tmp_path_factory.mktemp("models")
    write(folder, NARROW)
    write(folder, NARROW, Plan(name="mimi-gpu", memory=Memory.SHIFT))
    return folder


def _voice(frames: int) -> offline.Pcm:
    noise = np.random.default_rng(0).standard_normal(frames * FRAME) * 0.1
    return (noise * np.sin(np.arange(len(noise)) / 9000)).astype(np.float32)


def _open(root: Path, provider: str, precision: str) -> tuple[MimiEncoder, MimiDecoder]:
    wish = CodecModel(precision=precision, providers=(provider,))
    return open_encoder(wish, [root])[0], open_decoder(wish, [root])[0]


@pytest.mark.parametrize(("precision", "equal", "within"), [("fp32", 0.99, 1e-2), ("fp16", 0.85, 5e-2)])
def test_cuda_hears_and_says_what_the_cpu_does(root: Path, precision: str, equal: float, within: float) -> None:
    sound = _voice(60)
    encoder, decoder = _open(root, "cuda", precision)
    assert (encoder.package.manifest.name, decoder.package.manifest.name) == ("mimi-gpu-encoder", "mimi-gpu-decoder")
    assert encoder.providers[0] == decoder.providers[0] == CUDA
    cpu_encoder, cpu_decoder = _open(root, "cpu", "fp32")
    codes = offline.encode(cpu_encoder, sound)
    assert (offline.encode(encoder, sound) == codes).mean() >= equal
    np.testing.assert_allclose(offline.decode(decoder, codes), offline.decode(cpu_decoder, codes), atol=within)


def test_the_cpus_form_runs_on_cuda_too(root: Path) -> None:
    sound = _voice(30)
    encoder = MimiEncoder(_open(root, "cpu", "fp32")[0].package, providers=["cuda"])
    assert encoder.providers[0] == CUDA
    assert (offline.encode(encoder, sound) == offline.encode(_open(root, "cpu", "fp32")[0], sound)).mean() >= 0.99
