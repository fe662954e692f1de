"""The two models as they are exported: one frame a step, every tensor that is carried an input and an output."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.mimi.conv import Downsample, Upsample, Weights
from models.mimi.dims import FRAME, TOKENS, Dims
from models.mimi.quantizer import Dequantizer, Quantizer
from models.mimi.seanet import SeanetDecoder, SeanetEncoder
from models.mimi.transformer import Memory, Transformer

Shape = tuple[int, ...]


class _Step(nn.Module):
    """What both directions share: names, shapes and the order of their tensors.

    Inputs: ``inputs``, then the state (``tail_*`` and, in a shift, ``keys_*`` and ``values_*``), then the ring's
    ``keys_*`` and ``values_*``. Outputs: ``output``, then ``next_*`` of each state, then ``new_*`` of each ring.
    """

    kind: str
    inputs: dict[str, Shape]
    output: str

    def __init__(self, transformer: Transformer, dims: Dims, tail_shapes: list[Shape]) -> None:
        super().__init__()
        self.transformer = transformer
        self.state_shapes: dict[str, Shape] = {f"tail_{i}": shape for i, shape in enumerate(tail_shapes)}
        self.ring_shapes: dict[str, Shape] = {}
        past = self.ring_shapes if transformer.memory is Memory.RING else self.state_shapes
        for layer in range(dims.layers):
            past[f"keys_{layer}"] = transformer.key_shape
            past[f"values_{layer}"] = transformer.value_shape
        self.tails = len(tail_shapes)
        self.position_inputs: dict[str, Shape] = {
            "cos": (TOKENS, dims.head_dim // 2),
            "sin": (TOKENS, dims.head_dim // 2),
            "mask": (TOKENS, dims.context + TOKENS),
        }

    def initial(self) -> list[Tensor]:
        """State and rings at the start: zeros."""
        return [torch.zeros(shape) for shape in (*self.state_shapes.values(), *self.ring_shapes.values())]

    def ring_places(self) -> list[tuple[int, int]]:
        """Per ring the axis that is filled and its length."""
        axes = (2, 1)  # keys are stored transposed
        return [(axes[i % 2], shape[axes[i % 2]]) for i, shape in enumerate(self.ring_shapes.values())]

    def attend(
        self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """The transformer with its keys and values as one flat list."""
        pairs = list(zip(past[::2], past[1::2], strict=True))
        y, kept = self.transformer(x, (cos[:, None], sin[:, None], mask), pairs)
        return y, [tensor for pair in kept for tensor in pair]


class EncoderStep(_Step):
    """1920 samples -> one index per codebook."""

    kind = "mimi-encoder"
    output = "codes"

    def __init__(self, weights: Weights, dims: Dims, codebooks: int, memory: Memory = Memory.RING) -> None:
        seanet, downsample = SeanetEncoder(weights), Downsample(weights)
        shapes: list[Shape] = [*seanet.tail_shapes, downsample.tail_shape]
        super().__init__(Transformer(weights, "encoder_transformer", dims, memory), dims, shapes)
        self.seanet, self.downsample = seanet, downsample
        self.quantizer = Quantizer(weights, codebooks)
        self.inputs = {"pcm": (FRAME,), **self.position_inputs, "first": (1,)}
        self.output_shape: Shape = (codebooks,)

    def forward(
        self, pcm: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, first: Tensor, *carried: Tensor
    ) -> tuple[Tensor, ...]:
        """``pcm`` float32 [1920]; ``first`` [1]: 1 in the first step of a stream, else 0 -> int64 [codebooks], …"""
        tails, past = list(carried[: self.tails]), list(carried[self.tails :])
        latents, new_tails = self.seanet(pcm[:, None], iter(tails))
        latents, kept = self.attend(latents, cos, sin, mask, past)
        tail = self.downsample.start(latents, tails[-1], first)
        latent, tail = self.downsample(latents, tail)
        return (self.quantizer(latent), *new_tails, tail, *kept)


class DecoderStep(_Step):
    """One index per codebook -> 1920 samples."""

    kind = "mimi-decoder"
    output = "pcm"

    def __init__(self, weights: Weights, dims: Dims, codebooks: int, memory: Memory = Memory.RING) -> None:
        seanet, upsample = SeanetDecoder(weights), Upsample(weights)
        shapes: list[Shape] = [upsample.tail_shape, *seanet.tail_shapes]
        super().__init__(Transformer(weights, "decoder_transformer", dims, memory), dims, shapes)
        self.seanet, self.upsample = seanet, upsample
        self.dequantizer = Dequantizer(weights, codebooks)
        self.inputs = {"codes": (codebooks,), **self.position_inputs}
        self.output_shape: Shape = (FRAME,)

    def forward(self, codes: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, *carried: Tensor) -> tuple[Tensor, ...]:
        """``codes`` int32 [codebooks] -> float32 [1920], …"""
        tails, past = list(carried[: self.tails]), list(carried[self.tails :])
        latents, tail = self.upsample(self.dequantizer(codes), tails[0])
        latents, kept = self.attend(latents, cos, sin, mask, past)
        sound, new_tails = self.seanet(latents, iter(tails[1:]))
        return (sound[:, 0], tail, *new_tails, *kept)
