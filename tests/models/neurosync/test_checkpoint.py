"""Files of weights: what is accepted, and what is said about everything else."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="pip install 'visaged[build]'")

from models.neurosync.checkpoint import CheckpointError, read  # noqa: E402
from models.neurosync.positions import sinusoids  # noqa: E402
from models.neurosync.shape import Shape  # noqa: E402
from models.neurosync.twin import random_weights  # noqa: E402

SHAPE = Shape(hidden=16, feed_forward=32, layers=2, heads=2)
Tensors = dict[str, "torch.Tensor"]


def _tensors() -> Tensors:
    return {name: torch.from_numpy(array) for name, array in random_weights(SHAPE).items()}


def _saved(path: Path, content: object, **options: object) -> Path:
    torch.save(content, path, **options)
    return path


def _check(path: Path) -> None:
    model = read(path, heads=2)
    assert model.shape == SHAPE
    assert model.position == "local"
    for name, array in random_weights(SHAPE).items():
        np.testing.assert_array_equal(model.weights[name], array)


def test_a_bare_state_dict_old_and_new_format_and_safetensors(tmp_path: Path) -> None:
    _check(_saved(tmp_path / "model.pth", _tensors()))
    _check(_saved(tmp_path / "old.pth", _tensors(), _use_new_zipfile_serialization=False))
    safetensors_torch.save_file(_tensors(), tmp_path / "model.safetensors")
    _check(tmp_path / "model.safetensors")


def test_what_training_programs_put_around_it(tmp_path: Path) -> None:
    _check(_saved(tmp_path / "a.pth", {"model_state_dict": _tensors(), "epoch": 3}))
    _check(_saved(tmp_path / "b.pth", {f"module.{name}": tensor for name, tensor in _tensors().items()}))


def test_half_precision_weights_are_widened(tmp_path: Path) -> None:
    model = read(_saved(tmp_path / "h.pth", {name: tensor.bfloat16() for name, tensor in _tensors().items()}), heads=2)
    assert all(array.dtype == np.float32 for array in model.weights.values())


def test_the_table_of_sinusoids_tells_the_position_encoding(tmp_path: Path) -> None:
    table = torch.from_numpy(sinusoids(300, 16))[None]
    tensors = _tensors() | {f"{side}.global_pos_encoder.pe": table for side in ("encoder", "decoder")}
    assert read(_saved(tmp_path / "s.pth", tensors), heads=2).position == "sinusoidal"
    with pytest.raises(CheckpointError, match="'local' was asked for"):
        read(tmp_path / "s.pth", "local", 2)
    tensors["encoder.global_pos_encoder.pe"] = table + 1
    with pytest.raises(CheckpointError, match="not the table of sinusoids"):
        read(_saved(tmp_path / "t.pth", tensors), heads=2)


def test_a_pickle_with_code_is_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {marker}",)

    (tmp_path / "plain.pth").write_bytes(pickle.dumps({"encoder.embedding.weight": Evil()}))
    _saved(tmp_path / "zip.pth", {"encoder.embedding.weight": Evil()})
    for name in ("plain.pth", "zip.pth"):
        with pytest.raises(CheckpointError, match="would run code"):
            read(tmp_path / name)
    assert not marker.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_every_truncation_is_refused(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    if suffix == ".pth":
        torch.save(_tensors(), whole)
    else:
        safetensors_torch.save_file(_tensors(), whole)
    data, cut = whole.read_bytes(), tmp_path / f"cut{suffix}"
    for size in [0, 1, 7, 8, 64, *range(1000, len(data), len(data) // 12), len(data) - 1]:
        cut.write_bytes(data[:size])
        with pytest.raises(CheckpointError):
            read(cut, heads=2)


def _without(tensors: Tensors, name: str) -> Tensors:
    return {key: tensor for key, tensor in tensors.items() if key != name}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: _without(t, "decoder.layer_norm.bias"), r"1 missing: decoder\.layer_norm\.bias"),
        (lambda t: t | {"decoder.more.weight": torch.zeros(3)}, r"1 not known: decoder\.more\.weight"),
        (lambda t: t | {"decoder.layer_norm.bias": torch.zeros(3)}, r"wrong shape: .*bias \[3\] instead of \[16\]"),
        (lambda t: t | {"decoder.layer_norm.bias": torch.full((16,), torch.nan)}, "16 values that are no numbers"),
        (lambda t: t | {"decoder.layer_norm.bias": torch.full((16,), 1e6)}, "accepted up to 65504"),
        (lambda t: t | {"decoder.layer_norm.bias": torch.zeros(16, dtype=torch.int8)}, "floating-point"),
        (lambda t: t | {"note": "text"}, "'note', which is a str"),
        (lambda t: {"a.weight": torch.zeros(1)}, "not the tensors of a NeuroSync"),
        (lambda t: {}, "not the tensors of a NeuroSync"),
        (lambda t: [1, 2], "a list"),
        (lambda t: torch.zeros(3), "a Tensor"),
        (lambda t: {1: torch.zeros(3)}, "names that are not text"),
        (lambda t: t | {"decoder.layer_norm.bias": torch.zeros(16).to_sparse()}, "not a plain tensor"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, change: object, said: str) -> None:
    with pytest.raises(CheckpointError, match=said):
        read(_saved(tmp_path / "model.pth", change(_tensors())), heads=2)
