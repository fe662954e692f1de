from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: ./setup.sh peers")

from safetensors.torch import save_file  # noqa: E402

from models.mimi.checkpoint import CheckpointError, load  # noqa: E402
from models.mimi.dims import NARROW  # noqa: E402
from models.mimi.twin import random_weights, write_hf, write_native  # noqa: E402

NORM = "encoder_transformer.transformer.layers.0.norm1.weight"
DOWN = "downsample.conv.conv.conv.weight"


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return random_weights(NARROW)


def test_both_layouts_hold_the_same(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    write_native(weights, tmp_path / "native.safetensors")
    write_hf(weights, NARROW, tmp_path / "hf.safetensors")
    shares: list[float] = []
    native = load(tmp_path / "native.safetensors", shares.append, NARROW)
    hf = load(tmp_path / "hf.safetensors", dims=NARROW)
    assert native.keys() == hf.keys() == weights.keys()
    for name, tensor in weights.items():
        assert torch.equal(native[name], tensor) and torch.equal(hf[name], tensor), name
    assert shares[-1] == 1.0 and shares == sorted(shares)


def test_half_precision_is_read_as_float32(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    save_file({name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}, tmp_path / "half.safetensors")
    loaded = load(tmp_path / "half.safetensors", dims=NARROW)
    assert loaded[DOWN].dtype == torch.float32
    assert torch.allclose(loaded[DOWN], weights[DOWN], rtol=1e-2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({NORM: None}, f"keys are missing: {NORM}$"),
        ({"lm.head": torch.ones(3)}, "keys are not known: lm.head$"),
        ({NORM: torch.ones(7)}, rf"of another shape: {NORM} \[7\], accepted \[32\]"),
        ({NORM: None, DOWN: torch.ones(1), "x": torch.ones(1)}, "missing: .*; not known: x; of another shape: "),
        ({NORM: torch.full((32,), torch.nan)}, f"values that are no numbers, in {NORM}"),
        ({DOWN: torch.full((32, 32, 4), torch.inf)}, f"values that are no numbers, in {DOWN}"),
        ({NORM: torch.ones(32, dtype=torch.int8)}, f"quantised already: {NORM} I8; accepted: F32"),
        ({"quantizer.rvq_first.vq.layers.0._codebook._initialized": torch.zeros(1)}, "was never trained"),
    ],
)
def test_what_is_wrong_is_named(
    weights: dict[str, torch.Tensor], change: dict[str, torch.Tensor | None], said: str, tmp_path: Path
) -> None:
    changed = {name: tensor for name, tensor in (weights | change).items() if tensor is not None}
    save_file(changed, tmp_path / "bad.safetensors")
    with pytest.raises(CheckpointError, match=said):
        load(tmp_path / "bad.safetensors", dims=NARROW)


def test_half_a_file(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    write_native(weights, path)
    data = path.read_bytes()
    for length in (0, 5, 1000, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(CheckpointError, match="not a whole safetensors file"):
            load(path, dims=NARROW)


def test_another_models_weights(tmp_path: Path) -> None:
    save_file({"lm.weight": torch.ones(2, 2)}, tmp_path / "lm.safetensors")
    with pytest.raises(CheckpointError, match=r"is not a Mimi: 0 of .* it has lm.weight. Accepted: tokenizer-"):
        load(tmp_path / "lm.safetensors", dims=NARROW)


def test_the_true_sizes_are_asked_for(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    write_native(weights, tmp_path / "narrow.safetensors")
    with pytest.raises(CheckpointError, match=r"missing: .*layers\.2\..*of another shape: .* and \d+ more"):
        load(tmp_path / "narrow.safetensors")
