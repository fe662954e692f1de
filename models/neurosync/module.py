"""The network as a plain torch module, with the tensor names of the checkpoints: what every package is compared with.

Post-norm encoder and decoder, not causal, one pass: the decoder's input is the encoder's output, and so is its memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.neurosync.positions import angles, sinusoids
from models.neurosync.shape import Shape
from visaged.inference.manifest import PositionEncoding


class NeuroSync(nn.Module):
    """Features [batch, frames, inputs] -> curves [batch, frames, outputs], in percent."""

    def __init__(self, shape: Shape, position: PositionEncoding) -> None:
        super().__init__()
        self.encoder = Encoder(shape, position)
        self.decoder = Decoder(shape, position)

    def forward(self, features: Tensor) -> Tensor:
        """One window."""
        answer: Tensor = self.decoder(self.encoder(features))
        return answer


class Encoder(nn.Module):
    """Features -> memory [batch, frames, hidden]."""

    def __init__(self, shape: Shape, position: PositionEncoding) -> None:
        super().__init__()
        self.position: PositionEncoding = position
        self.embedding = nn.Linear(shape.inputs, shape.hidden)
        self.transformer_encoder = nn.ModuleList(EncoderLayer(shape, position) for _ in range(shape.layers))
        self.layer_norm = nn.LayerNorm(shape.hidden) if shape.norm else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """All layers."""
        x = placed(self.embedding(features), self.position)
        for layer in self.transformer_encoder:
            x = layer(x)
        return self.layer_norm(x)


class Decoder(nn.Module):
    """Memory -> curves."""

    def __init__(self, shape: Shape, position: PositionEncoding) -> None:
        super().__init__()
        self.position: PositionEncoding = position
        self.transformer_decoder = nn.ModuleList(DecoderLayer(shape, position) for _ in range(shape.layers))
        self.fc_output = nn.Linear(shape.hidden, shape.outputs)
        self.layer_norm = nn.LayerNorm(shape.hidden) if shape.norm else nn.Identity()

    def forward(self, memory: Tensor) -> Tensor:
        """All layers."""
        x = placed(memory, self.position)
        for layer in self.transformer_decoder:
            x = layer(x, memory)
        return self.fc_output(self.layer_norm(x))


class EncoderLayer(nn.Module):
    """Attention, then feed-forward, each added and normalised."""

    def __init__(self, shape: Shape, position: PositionEncoding) -> None:
        super().__init__()
        self.self_attn = Attention(shape, position)
        self.ffn = FeedForward(shape)
        self.norm1 = nn.LayerNorm(shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, frames, hidden] both ways."""
        x = self.norm1(x + self.self_attn(x, x))
        return self.norm2(x + self.ffn(x))


class DecoderLayer(nn.Module):
    """The same with attention to the memory between."""

    def __init__(self, shape: Shape, position: PositionEncoding) -> None:
        super().__init__()
        self.self_attn = Attention(shape, position)
        self.multihead_attn = Attention(shape, position)
        self.ffn = FeedForward(shape)
        self.norm1 = nn.LayerNorm(shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden)
        self.norm3 = nn.LayerNorm(shape.hidden)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """[batch, frames, hidden] all three."""
        x = self.norm1(x + self.self_attn(x, x))
        x = self.norm2(x + self.multihead_attn(x, memory))
        return self.norm3(x + self.ffn(x))


class Attention(nn.Module):
    """Scaled dot-product attention of every frame to every frame, queries and keys rotated."""

    def __init__(self, shape: Shape, position: PositionEncoding) -> None:
        super().__init__()
        self.heads = shape.heads
        self.rotates = position != "sinusoidal"
        self.q_linear = nn.Linear(shape.hidden, shape.hidden)
        self.k_linear = nn.Linear(shape.hidden, shape.hidden)
        self.v_linear = nn.Linear(shape.hidden, shape.hidden)
        self.out_linear = nn.Linear(shape.hidden, shape.hidden)

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        """Queries of ``x``; keys and values of ``source``."""
        q, k, v = (self._split(t) for t in (self.q_linear(x), self.k_linear(source), self.v_linear(source)))
        if self.rotates:
            q, k = rotated(q), rotated(k)
        attended = functional.scaled_dot_product_attention(q, k, v)
        return self.out_linear(attended.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        """[batch, frames, hidden] -> [batch, heads, frames, head size]"""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class FeedForward(nn.Module):
    """Two layers with a ramp between."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.linear1 = nn.Linear(shape.hidden, shape.feed_forward)
        self.linear2 = nn.Linear(shape.feed_forward, shape.hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, frames, hidden] both ways."""
        return self.linear2(functional.relu(self.linear1(x)))


def placed(x: Tensor, position: PositionEncoding) -> Tensor:
    """``x`` [batch, frames, hidden] told where each frame is, for the variants that say so at the input."""
    if position == "sinusoidal":
        return x + torch.from_numpy(sinusoids(x.shape[1], x.shape[2]))
    return rotated(x) if position == "global+local" else x


def rotated(x: Tensor) -> Tensor:
    """Each pair (even, odd) of the last axis turned by the angle of its frame, the axis before."""
    turn = torch.from_numpy(angles(x.shape[-2], x.shape[-1]))
    cos, sin = turn.cos().to(x.dtype), turn.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def build(tensors: dict[str, NDArray[np.float32]], shape: Shape, position: PositionEncoding) -> NeuroSync:
    """The network with these weights, which it shares. ``tensors`` are complete (checkpoint.py)."""
    with torch.device("meta"):
        net: Any = NeuroSync(shape, position)
    net.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()}, strict=True, assign=True)
    built: NeuroSync = net.eval()
    return built


def run(net: NeuroSync, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Curves [windows, frames, outputs] of ``windows`` [windows, frames, inputs], one window at a time."""
    with torch.inference_mode():
        return np.stack([net(torch.from_numpy(window[None]))[0].numpy() for window in windows])
