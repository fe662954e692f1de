"""What a NeuroSync network looks like: its sizes, its tensors, and which of them a file of weights holds.

The names and shapes are those of the public project's checkpoints since 2025-01 (a bare ``state_dict``). The network of
eight layers has 344 tensors with 235,480,132 parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from visaged.inference.manifest import PositionEncoding

FRAMES: Final = 128
"""Frames of one window, at 60 per second."""
INPUTS: Final = 256
"""Acoustic features per frame."""
OUTPUTS: Final = 68
"""61 curves in percent, then 7 emotions."""

POSITION_ENCODINGS: Final[tuple[PositionEncoding, ...]] = get_args(PositionEncoding)
"""``local``: rotary in every attention (public code since 2025-03-29). ``global+local``: also on the input of encoder
and decoder (2025-02-15 to 2025-03-28). ``sinusoidal``: a table added to both inputs, no rotation (2025-01)."""

# The public configurations: the number of heads does not show in any tensor.
_HEADS: Final = {4: 4, 8: 16}

Tensors = Mapping[str, tuple[int, ...]]
"""Name -> shape."""


class ShapeError(ValueError):
    """The tensors are not those of a NeuroSync network; says which network they may belong to."""


@dataclass(frozen=True)
class Shape:
    """Sizes of one network."""

    inputs: int = INPUTS
    hidden: int = 1024
    feed_forward: int = 4096
    layers: int = 8
    heads: int = 16
    outputs: int = OUTPUTS
    norm: bool = True
    """Whether encoder and decoder end with a layer normalisation."""

    def __post_init__(self) -> None:
        if self.hidden % (2 * self.heads):
            raise ShapeError(f"{self.heads} heads do not divide {self.hidden} channels into rotated pairs")

    @property
    def head_size(self) -> int:
        """Channels per head."""
        return self.hidden // self.heads

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Every tensor of the network, in the order of the modules."""
        found = _linear("encoder.embedding", self.hidden, self.inputs)
        for layer in range(self.layers):
            found |= self._block(f"encoder.transformer_encoder.{layer}", ("self_attn",))
        for layer in range(self.layers):
            found |= self._block(f"decoder.transformer_decoder.{layer}", ("self_attn", "multihead_attn"))
        found |= _linear("decoder.fc_output", self.outputs, self.hidden)
        if self.norm:
            found |= _norm("encoder.layer_norm", self.hidden) | _norm("decoder.layer_norm", self.hidden)
        return found

    def _block(self, name: str, attentions: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for attention in attentions:
            for part in ("q", "k", "v", "out"):
                found |= _linear(f"{name}.{attention}.{part}_linear", self.hidden, self.hidden)
        found |= _linear(f"{name}.ffn.linear1", self.feed_forward, self.hidden)
        found |= _linear(f"{name}.ffn.linear2", self.hidden, self.feed_forward)
        for number in range(len(attentions) + 1):
            found |= _norm(f"{name}.norm{number + 1}", self.hidden)
        return found


def recognise(tensors: Tensors, heads: int | None = None) -> Shape:
    """The network that ``tensors`` belong to. ``heads``: None is what the public configurations had.

    Raises ShapeError when it is another kind of model, or a NeuroSync of a time whose features are no longer made.
    """
    if any("in_proj_weight" in name for name in tensors):
        raise ShapeError(
            "a NeuroSync of 2024 (torch's own transformer layers, 79 features); accepted are those since 2025"
        )
    embedding = tensors.get("encoder.embedding.weight", ())
    output = tensors.get("decoder.fc_output.weight", ())
    first = tensors.get("encoder.transformer_encoder.0.ffn.linear1.weight", ())
    layers = len({m[1] for name in tensors if (m := re.match(r"encoder\.transformer_encoder\.(\d+)\.", name))})
    if len(embedding) != 2 or len(output) != 2 or len(first) != 2 or not layers:
        some = ", ".join(sorted(tensors)[:3]) or "none"
        raise ShapeError(f"not the tensors of a NeuroSync network; its {len(tensors)} tensors begin with {some}")
    if embedding[1] in (69, 79):
        raise ShapeError(
            f"a NeuroSync of before 2025-02 ({embedding[1]} features); accepted are those with {INPUTS} features"
        )
    heads = heads or _HEADS.get(layers)
    if heads is None:
        raise ShapeError(f"{layers} layers, which no public configuration had; say how many heads with --heads")
    return Shape(embedding[1], embedding[0], first[0], layers, heads, output[0], "encoder.layer_norm.weight" in tensors)


def _linear(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}
