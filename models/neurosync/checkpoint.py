"""Weights from a file: a torch checkpoint or safetensors, read as data only, every tensor checked before it is used."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from models.neurosync.matrices import Array, Model
from models.neurosync.positions import sinusoids
from models.neurosync.shape import Shape, ShapeError, recognise
from visaged.inference.manifest import PositionEncoding
from visaged.inference.weights_file import fault_of, is_safetensors

# Names under which training programs keep the weights beside their own state.
_WRAPPERS: Final = ("state_dict", "model_state_dict", "model")
# What torch's wrappers put before every name.
_PREFIXES: Final = ("module.", "_orig_mod.")
# Position tables of the sinusoidal variant: buffers, not weights.
_TABLES: Final = ("encoder.global_pos_encoder.pe", "decoder.global_pos_encoder.pe")
# How many names of a kind a message lists.
_NAMED: Final = 4
# Beyond it half precision has no number.
_LARGEST_HALF: Final = 65504.0


# What torch raises, at one place or another, for a file that is cut off or scrambled (OSError: it maps the file).
_DAMAGED: Final = (
    RuntimeError, EOFError, ValueError, LookupError, AttributeError, TypeError, OSError, zipfile.BadZipFile
)  # fmt: skip


class CheckpointError(Exception):
    """The file cannot be used: says what is wrong with it and what is accepted."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"'{path}': {problem}")


def read(
    path: Path,
    position: PositionEncoding | None = None,
    heads: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Model:
    """The network in the file, checked. ``position`` None: sinusoidal if the file holds its table, else local.

    Raises CheckpointError, OSError.
    """
    fault = fault_of(path, ("torch", "safetensors"))
    if fault:
        raise CheckpointError(path, fault)
    tensors = _read_safetensors(path) if is_safetensors(path) else _read_torch(path)
    tensors = _plain_names(path, tensors)
    tables: dict[str, torch.Tensor] = {name: tensors.pop(name) for name in _TABLES if name in tensors}
    try:
        shape = recognise({name: tuple(tensor.shape) for name, tensor in tensors.items()}, heads)
    except ShapeError as error:
        raise CheckpointError(path, str(error)) from None
    _check_names_and_shapes(path, tensors, shape)
    weights = _arrays(path, tensors, shape, progress)
    if tables:
        _check_tables(path, tables, shape)
        if position not in (None, "sinusoidal"):
            raise CheckpointError(
                path, f"holds the table of the sinusoidal position encoding; '{position}' was asked for"
            )
        position = "sinusoidal"
    return Model(weights, shape, position or "local")


def _read_torch(path: Path) -> dict[str, torch.Tensor]:
    with path.open("rb") as file:
        file.read(1)
    # torch's own messages advise to load without weights_only, which would run what is in the file.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError:
        raise CheckpointError(
            path,
            "is no file of plain tensors: it would run code when loaded, or it is damaged; "
            "accepted is a state_dict as torch.save writes it, or safetensors",
        ) from None
    except _DAMAGED:
        raise CheckpointError(
            path,
            f"cannot be read as a torch checkpoint: {path.stat().st_size} bytes, cut off or damaged; fetch it again",
        ) from None
    for wrapper in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            loaded = loaded[wrapper]
    if not isinstance(loaded, Mapping) or not all(isinstance(tensor, torch.Tensor) for tensor in loaded.values()):
        raise CheckpointError(path, f"holds {_shown(loaded)}; accepted is a state_dict: names and their tensors")
    return dict(loaded)


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    except SafetensorError as error:
        raise CheckpointError(path, f"is no safetensors file, or is cut off: {error}") from None


def _plain_names(path: Path, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    for prefix in _PREFIXES:
        if tensors and all(str(name).startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    if not all(isinstance(name, str) for name in tensors):
        raise CheckpointError(path, "has names that are not text; accepted is a state_dict")
    return tensors


def _check_names_and_shapes(path: Path, tensors: Mapping[str, torch.Tensor], shape: Shape) -> None:
    expected = shape.tensors()
    missing = [name for name in expected if name not in tensors]
    extra = [name for name in tensors if name not in expected]
    wrong = [
        f"{name} {list(tensors[name].shape)} instead of {list(size)}"
        for name, size in expected.items()
        if name in tensors and tuple(tensors[name].shape) != size
    ]
    said = "; ".join(
        f"{len(names)} {what}: {', '.join(names[:_NAMED])}{' …' if len(names) > _NAMED else ''}"
        for what, names in (("missing", missing), ("not known", extra), ("of wrong shape", wrong))
        if names
    )
    if said:
        raise CheckpointError(
            path, f"is not a whole NeuroSync network of {shape.layers} layers ({len(expected)} tensors): {said}"
        )


def _arrays(
    path: Path, tensors: Mapping[str, torch.Tensor], shape: Shape, progress: Callable[[float], None]
) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    for name in shape.tensors():
        tensor = tensors[name]
        if not tensor.is_floating_point():
            raise CheckpointError(path, f"{name} is {tensor.dtype}; accepted are floating-point weights")
        try:
            array = tensor.detach().to(torch.float32).contiguous().numpy()
        except (RuntimeError, NotImplementedError):
            raise CheckpointError(path, f"{name} is not a plain tensor ({tensor.layout}, {tensor.device})") from None
        bad = array.size - int(np.isfinite(array).sum())
        if bad:
            raise CheckpointError(path, f"{name} holds {bad} values that are no numbers (NaN or infinite)")
        if np.abs(array).max(initial=0) > _LARGEST_HALF:
            raise CheckpointError(
                path, f"{name} holds {np.abs(array).max():.3g}; weights are accepted up to {_LARGEST_HALF:g}"
            )
        arrays[name] = array
        progress(len(arrays) / len(tensors))
    return arrays


def _check_tables(path: Path, tables: Mapping[str, torch.Tensor], shape: Shape) -> None:
    for name, table in tables.items():
        rows = table.reshape(-1, table.shape[-1]).to(torch.float32).numpy() if table.ndim else np.zeros((0, 0))
        if rows.shape[1] != shape.hidden or not np.allclose(rows, sinusoids(*rows.shape), atol=1e-3):
            raise CheckpointError(
                path, f"{name} {list(table.shape)} is not the table of sinusoids of {shape.hidden} channels"
            )


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        odd = next((name for name, item in value.items() if not isinstance(item, torch.Tensor)), "")
        return f"'{odd}', which is a {type(value[odd]).__name__}"
    return f"a {type(value).__name__}"
