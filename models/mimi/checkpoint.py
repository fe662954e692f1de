"""Reads a Mimi checkpoint (safetensors, either layout) into native names, or says everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from models.mimi.dims import TRUE, Dims
from models.mimi.layout import IN_PROJ, Shapes, hf_names, hf_shapes, native_shapes
from models.mimi.transformer import interleaved
from visaged.inference.weights_file import fault_of

_FLOATS: Final = ("F32", "F16", "BF16")
# Of a list of faults the first few tell what happened.
_SHOWN: Final = 4


class CheckpointError(Exception):
    """Not a checkpoint of Mimi that can be used: says which keys are missing, too many, misshapen or no numbers."""


def load(path: Path, progress: Callable[[float], None] = lambda share: None, dims: Dims = TRUE) -> dict[str, Tensor]:
    """All tensors of ``path`` by native name, float32. ``progress`` is told the share that is read.

    Raises CheckpointError, OSError.
    """
    fault = fault_of(path, ("safetensors",))
    if fault:
        raise CheckpointError(f"'{path}' is not a whole safetensors file: it {fault}")
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
            shapes = {name: tuple(part.get_shape()) for name, part in found.items()}
            hf = _check_keys(path, shapes, dims)
            _check_types(path, {name: part.get_dtype() for name, part in found.items()})
            tensors: dict[str, Tensor] = {}
            for number, name in enumerate(found):
                tensors[name] = file.get_tensor(name).to(torch.float32)
                progress((number + 1) / len(found))
    except SafetensorError as error:
        raise CheckpointError(
            f"'{path}' is not a whole safetensors file ({error}); accepted is Mimi's checkpoint as it was downloaded"
        ) from None
    _check_values(path, tensors)
    return _to_native(tensors, dims) if hf else tensors


def _check_keys(path: Path, shapes: Shapes, dims: Dims) -> bool:
    """Whether the layout is HF's. Raises CheckpointError with a full account."""
    layouts = {"native": native_shapes(dims), "HF": hf_shapes(dims)}
    name = max(layouts, key=lambda layout: len(layouts[layout].keys() & shapes.keys()))
    expected = layouts[name]
    present = expected.keys() & shapes.keys()
    if len(present) < len(expected) // 2:
        some = _some(sorted(shapes))
        raise CheckpointError(
            f"'{path}' is not a Mimi: {len(present)} of {len(expected)} keys of the {name} layout are there; it has "
            f"{some}. Accepted: tokenizer-e351c8d8-checkpoint125.safetensors of Kyutai, or model.safetensors of "
            "kyutai/mimi"
        )
    faults = []
    if missing := sorted(expected.keys() - shapes.keys()):
        faults.append(f"missing: {_some(missing)}")
    if extra := sorted(shapes.keys() - expected.keys()):
        faults.append(f"not known: {_some(extra)}")
    wrong = [
        f"{key} {list(shapes[key])}, accepted {list(expected[key])}"
        for key in sorted(present)
        if shapes[key] != expected[key]
    ]
    if wrong:
        faults.append(f"of another shape: {_some(wrong)}")
    if faults:
        raise CheckpointError(f"'{path}' has the {name} layout of Mimi, but keys are {'; '.join(faults)}")
    return name == "HF"


def _check_types(path: Path, types: dict[str, str]) -> None:
    wrong = [f"{name} {kind}" for name, kind in types.items() if kind not in _FLOATS]
    if wrong:
        raise CheckpointError(f"'{path}' is quantised already: {_some(wrong)}; accepted: {', '.join(_FLOATS)}")


def _check_values(path: Path, tensors: dict[str, Tensor]) -> None:
    bad = [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]
    if bad:
        raise CheckpointError(f"'{path}' holds values that are no numbers, in {_some(bad)}; download it again")
    unused = [name for name, tensor in tensors.items() if name.endswith("initialized") and not bool(tensor.all())]
    if unused:
        raise CheckpointError(f"'{path}' was never trained: {_some(unused)} is 0")


def _to_native(tensors: dict[str, Tensor], dims: Dims) -> dict[str, Tensor]:
    native: dict[str, Tensor] = {}
    for name in native_shapes(dims):
        names = hf_names(name)
        if name.endswith(IN_PROJ):
            q, k, v = (tensors[part] for part in names)
            native[name] = torch.cat([interleaved(q, dims.heads), interleaved(k, dims.heads), v])
        else:
            native[name] = tensors[names[0]]
    return native


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
