"""The transformer between convolutions and quantiser, two latents a step, over the keys and values of the last 250.

Positions do not live here: cos, sin and the mask come in, computed by the host in float64, because in float32 they
drift with uptime (cosine off by 0.003 after an hour, by 0.5 after a week).

Two ways to keep the past (``Memory``): ``RING`` reads keys and values that the host owns and hands out only the two
new ones, so a step copies 64 kB, not 8 MB; ``SHIFT`` carries them as state that moves by two each step, which never
leaves a GPU.
"""

from __future__ import annotations

from enum import Enum

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.mimi.conv import Weights
from models.mimi.dims import TOKENS, Dims
from models.mimi.layout import IN_PROJ

_NORM_EPSILON = 1e-5


class Memory(Enum):
    """Who keeps the keys and values."""

    RING = "ring"
    SHIFT = "shift"


class Attention(nn.Module):
    """Multi-head attention with rotary positions in half-split order. Scales of q and of the layer are folded in."""

    def __init__(self, weights: Weights, name: str, dims: Dims) -> None:
        super().__init__()
        self.heads, self.head_dim, self.past = dims.heads, dims.head_dim, dims.context
        q, k, v = weights[f"{name}.{IN_PROJ}"].chunk(3)
        q = half_split(q, dims.heads) * dims.head_dim**-0.5
        stacked = torch.cat([q, half_split(k, dims.heads), v])
        self.qkv = nn.Parameter(stacked.t().contiguous(), requires_grad=False)
        out = weights[f"{name}.self_attn.out_proj.weight"] * weights[f"{name}.layer_scale_1.scale"][:, None]
        self.out = nn.Parameter(out.t().contiguous(), requires_grad=False)

    def forward(
        self, x: Tensor, positions: tuple[Tensor, Tensor, Tensor], keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """``x`` [2, d]; cos and sin [2, 1, head_dim / 2] and mask [2, past + 2]; ``keys`` [heads, head_dim, past];
        ``values`` [heads, past, head_dim] -> [2, d] and the two new keys and values in the same layouts.
        """
        cos, sin, mask = positions
        qkv = (x @ self.qkv).reshape(TOKENS, 3 * self.heads, self.head_dim)
        half = self.head_dim // 2
        low, high = qkv[:, : 2 * self.heads, :half], qkv[:, : 2 * self.heads, half:]
        turned = torch.cat([low * cos - high * sin, high * cos + low * sin], dim=-1)
        q = turned[:, : self.heads].transpose(0, 1)
        new_keys = turned[:, self.heads :].permute(1, 2, 0)
        new_values = qkv[:, 2 * self.heads :].transpose(0, 1)
        scores = torch.cat([q @ keys, q @ new_keys], dim=-1) + mask
        shares = torch.softmax(scores, dim=-1)
        heard = shares[..., : self.past] @ values + shares[..., self.past :] @ new_values
        return heard.transpose(0, 1).reshape(TOKENS, -1) @ self.out, new_keys, new_values


class Layer(nn.Module):
    """Attention and two linear maps, each behind a norm and added to what came in."""

    def __init__(self, weights: Weights, name: str, dims: Dims) -> None:
        super().__init__()
        self.attention = Attention(weights, name, dims)
        self.norm1, self.norm2 = (_norm(weights, f"{name}.norm{i}") for i in (1, 2))
        scale = weights[f"{name}.layer_scale_2.scale"][:, None]
        self.up = nn.Parameter(weights[f"{name}.linear1.weight"].t().contiguous(), requires_grad=False)
        self.down = nn.Parameter((weights[f"{name}.linear2.weight"] * scale).t().contiguous(), requires_grad=False)

    def forward(
        self, x: Tensor, positions: tuple[Tensor, Tensor, Tensor], keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As ``Attention``."""
        y, new_keys, new_values = self.attention(self.norm1(x), positions, keys, values)
        x = x + y
        return x + F.gelu(self.norm2(x) @ self.up) @ self.down, new_keys, new_values


class Transformer(nn.Module):
    """All layers."""

    def __init__(self, weights: Weights, name: str, dims: Dims, memory: Memory) -> None:
        """``name``: ``encoder_transformer`` or ``decoder_transformer``."""
        super().__init__()
        prefix = f"{name}.transformer.layers"
        self.layers = nn.ModuleList(Layer(weights, f"{prefix}.{i}", dims) for i in range(dims.layers))
        self.memory = memory
        self.key_shape = (dims.heads, dims.head_dim, dims.context)
        self.value_shape = (dims.heads, dims.context, dims.head_dim)

    def forward(
        self, x: Tensor, positions: tuple[Tensor, Tensor, Tensor], past: list[tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """``x`` [2, d], ``past``: keys and values per layer -> [2, d], and per layer what to keep: the two new ones of
        a ring, all of them of a shift."""
        kept = []
        for layer, (keys, values) in zip(self.layers, past, strict=True):
            x, new_keys, new_values = layer(x, positions, keys, values)
            if self.memory is Memory.SHIFT:
                new_keys = torch.cat([keys[:, :, TOKENS:], new_keys], dim=2)
                new_values = torch.cat([values[:, TOKENS:], new_values], dim=1)
            kept.append((new_keys, new_values))
        return x, kept


def half_split(rows: Tensor, heads: int) -> Tensor:
    """[heads x head_dim, …] in interleaved rotary order (pairs 2 i, 2 i + 1) -> half-split (pairs i, i + half)."""
    by_pair = rows.reshape(heads, -1, 2, *rows.shape[1:])
    return by_pair.transpose(1, 2).reshape(rows.shape)


def interleaved(rows: Tensor, heads: int) -> Tensor:
    """The inverse of ``half_split``."""
    by_half = rows.reshape(heads, 2, -1, *rows.shape[1:])
    return by_half.transpose(1, 2).reshape(rows.shape)


def _norm(weights: Weights, name: str) -> nn.LayerNorm:
    scale = weights[f"{name}.weight"]
    norm = nn.LayerNorm(scale.shape[0], eps=_NORM_EPSILON)
    norm.weight = nn.Parameter(scale, requires_grad=False)
    norm.bias = nn.Parameter(weights[f"{name}.bias"], requires_grad=False)
    return norm
