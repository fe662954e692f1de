"""The module and its ONNX files against moshi and transformers, and against time."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: ./setup.sh peers")

from models.mimi import reference  # noqa: E402
from models.mimi.dims import FRAME, NARROW, TRUE, Dims  # noqa: E402
from models.mimi.packaging import Plan  # noqa: E402
from models.mimi.random_packages import write  # noqa: E402
from models.mimi.steps import DecoderStep, EncoderStep  # noqa: E402
from models.mimi.transformer import Memory, half_split, interleaved  # noqa: E402
from models.mimi.twin import random_weights  # noqa: E402
from tests.models.mimi.peers import Moshi, Transformers  # noqa: E402
from visaged.codec import offline  # noqa: E402
from visaged.codec.mimi import MimiDecoder, MimiEncoder  # noqa: E402

# Six windows of the narrow one; the true one's window is 125 frames.
FRAMES = 60
CODEBOOKS = 8


def voice(frames: int) -> offline.Pcm:
    noise = np.random.default_rng(0).standard_normal(frames * FRAME) * 0.1
    return (noise * np.sin(np.arange(len(noise)) / 9000)).astype(np.float32)


def test_the_module_is_moshi() -> None:
    weights = random_weights(NARROW)
    moshi, sound = Moshi(weights, NARROW, CODEBOOKS), voice(FRAMES)
    codes = moshi.encode(sound)
    assert (reference.encode(EncoderStep(weights, NARROW, CODEBOOKS), sound) == codes).all()
    said = reference.decode(DecoderStep(weights, NARROW, CODEBOOKS), codes)
    assert np.abs(said - moshi.decode(codes)).max() < 1e-4


@pytest.mark.parametrize("codebooks", [1, 2, 32])
def test_any_number_of_codebooks(codebooks: int) -> None:
    weights = random_weights(NARROW)
    moshi, sound = Moshi(weights, NARROW, codebooks), voice(5)
    codes = moshi.encode(sound)
    assert codes.shape == (5, codebooks)
    assert (reference.encode(EncoderStep(weights, NARROW, codebooks), sound) == codes).all()
    said = reference.decode(DecoderStep(weights, NARROW, codebooks), codes)
    assert np.abs(said - moshi.decode(codes)).max() < 1e-4


def test_the_hf_layout_is_what_transformers_reads(tmp_path: Path) -> None:
    weights = random_weights(NARROW)
    peer, sound = Transformers(weights, NARROW, tmp_path / "hf"), voice(30)
    assert not peer.loading["missing_keys"] and not peer.loading["unexpected_keys"]
    codes = peer.encode(sound, CODEBOOKS)
    assert (reference.encode(EncoderStep(weights, NARROW, CODEBOOKS), sound) == codes).all()
    said = reference.decode(DecoderStep(weights, NARROW, CODEBOOKS), codes)
    assert np.abs(said - peer.decode(codes)).max() < 1e-4


def test_moshi_streaming_hears_one_key_less() -> None:
    """Its ring holds as many keys as the window, and both latents of a frame are written before either attends: the
    first of them has lost its oldest key. Blocking that key here gives moshi's streaming codes, to the last one; ours
    are those of moshi offline, as the network was trained.
    """
    weights = random_weights(NARROW)
    moshi, sound = Moshi(weights, NARROW, CODEBOOKS), voice(FRAMES)
    offline, streaming = moshi.encode(sound), moshi.encode_streaming(sound)
    full = NARROW.context // 2
    assert (offline[:full] == streaming[:full]).all()
    assert (offline[full:] != streaming[full:]).any()
    step = EncoderStep(weights, NARROW, CODEBOOKS)
    assert (reference.encode(step, sound) == offline).all()
    assert (reference.encode(step, sound, short_sighted=True) == streaming).all()


@pytest.mark.parametrize("memory", list(Memory))
def test_the_onnx_files_say_what_moshi_says(memory: Memory, tmp_path: Path) -> None:
    _check_packages(NARROW, memory, FRAMES, tmp_path)


@pytest.mark.slow
def test_the_true_size_says_what_moshi_says_over_140_frames(tmp_path: Path) -> None:
    _check_packages(TRUE, Memory.RING, 140, tmp_path)


def _check_packages(dims: Dims, memory: Memory, frames: int, folder: Path) -> None:
    moshi, sound = Moshi(random_weights(dims), dims, CODEBOOKS), voice(frames)
    codes = moshi.encode(sound)
    encoder, decoder = write(folder, dims, Plan(memory=memory), small=False)
    assert (offline.encode(MimiEncoder(encoder), sound) == codes).all()
    said = offline.decode(MimiDecoder(decoder), codes.astype(np.uint16))
    assert np.abs(said - np.clip(moshi.decode(codes), -1.0, 1.0)).max() < 1e-4


@pytest.mark.parametrize("memory", list(Memory))
def test_a_week_of_uptime_changes_nothing(memory: Memory) -> None:
    """Only distances between latents count, so a stream that says it has run for a week gives the same codes."""
    weights, sound = random_weights(NARROW), voice(FRAMES)
    week = 7 * 24 * 3600 * 25 // 2
    encoder, decoder = (step(weights, NARROW, CODEBOOKS, memory) for step in (EncoderStep, DecoderStep))
    # A ring that starts in the middle starts with silence, as a stream that was quiet for a week.
    fresh, aged = reference.encode(encoder, sound), reference.encode(encoder, sound, start=week)
    # Every layer hears a window back, and the convolutions some latents more.
    full = NARROW.layers * NARROW.context // 2 + 5
    assert (fresh[full:] == aged[full:]).all()
    said, later = reference.decode(decoder, fresh), reference.decode(decoder, fresh, start=week)
    assert np.abs(said[full * FRAME :] - later[full * FRAME :]).max() < 1e-4


def test_rotary_orders_are_inverse() -> None:
    rows = torch.arange(24.0)[:, None]
    assert half_split(rows, 2)[:12, 0].tolist() == [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]
    assert torch.equal(interleaved(half_split(rows, 3), 3), rows)
