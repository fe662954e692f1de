"""Random weights of a Mimi's shapes: what tests and benchmarks run on, for the real ones are the operator's own.

Scaled so that every stage hands on signals of about unit size: sound reaches the codes and codes reach the sound.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from models.mimi.dims import Dims
from models.mimi.layout import IN_PROJ, hf_names, native_shapes
from models.mimi.transformer import half_split

# What ELU leaves of a unit signal has a standard deviation of about 0.75.
_GAIN = 1.3
# As a trained layer scale: small, but every layer matters.
_LAYER_SCALE = 0.3


def random_weights(dims: Dims, seed: int = 0) -> dict[str, Tensor]:
    """All tensors of the native layout, float32; the same for the same ``seed``."""
    generator = torch.Generator().manual_seed(seed)

    def normal(shape: tuple[int, ...], deviation: float) -> Tensor:
        return torch.randn(shape, generator=generator) * deviation

    weights: dict[str, Tensor] = {}
    for name, shape in native_shapes(dims).items():
        if name.endswith("_initialized"):
            weights[name] = torch.ones(shape)
        elif name.endswith("cluster_usage"):
            weights[name] = torch.rand(shape, generator=generator) * 2 + 0.5
        elif name.endswith("embedding_sum"):
            # Residuals of a random code hardly shrink: all codebooks at one scale.
            weights[name] = normal(shape, 0.5)
        elif name.endswith("layer_scale_1.scale") or name.endswith("layer_scale_2.scale"):
            weights[name] = normal(shape, 0.05) + _LAYER_SCALE
        elif ".norm" in name and name.endswith("weight"):
            weights[name] = normal(shape, 0.1) + 1.0
        elif name.endswith("bias"):
            weights[name] = normal(shape, 0.05)
        else:
            weights[name] = normal(shape, _GAIN * _fan_in(name, shape) ** -0.5)
    # The loudness of speech, not of a full-scale square wave.
    last = next(name for name in reversed(weights) if name.startswith("decoder.model.") and name.endswith("weight"))
    weights[last] *= 0.03
    return weights


def write_native(weights: dict[str, Tensor], path: Path) -> None:
    """A checkpoint file in the native layout."""
    save_file(weights, path)


def write_hf(weights: dict[str, Tensor], dims: Dims, path: Path) -> None:
    """The same checkpoint in the HF layout."""
    renamed: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        names = hf_names(name)
        if not name.endswith(IN_PROJ):
            renamed[names[0]] = tensor
            continue
        q, k, v = tensor.chunk(3)
        parts = half_split(q, dims.heads), half_split(k, dims.heads), v
        renamed |= {part: values.contiguous() for part, values in zip(names, parts, strict=True)}
    save_file(renamed, path)


def _fan_in(name: str, shape: tuple[int, ...]) -> int:
    if len(shape) == 2:
        return shape[1]
    # A transposed convolution [inputs, outputs, 2 stride]: each output hears two inputs.
    return shape[0] * 2 if ".convtr." in name and shape[1] > 1 else shape[1] * shape[2]
