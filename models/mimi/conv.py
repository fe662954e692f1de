"""Streaming convolutions as matrix products: sound [time, channels] and the tail of the step before -> both anew.

One row of the product is one output's window. On one core that is faster than ONNX Runtime's Conv at these sizes, and
its int8 form (MatMulInteger) is faster than fp32, which ConvInteger is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import Tensor, nn

Weights: TypeAlias = Mapping[str, Tensor]
"""A checkpoint by native names (layout.py), float32."""


class StreamConv(nn.Module):
    """A causal convolution. Its state is the ``tail``: the last kernel - stride inputs, zero at the start."""

    def __init__(self, weights: Weights, name: str, stride: int = 1) -> None:
        """``name``: the key without ``.weight`` [outputs, inputs, kernel] and ``.bias`` [outputs], which may lack."""
        super().__init__()
        weight = weights[f"{name}.weight"]
        outputs, self.inputs, self.kernel = weight.shape
        self.stride = stride
        self.weight = nn.Parameter(weight.permute(2, 1, 0).reshape(-1, outputs).contiguous(), requires_grad=False)
        bias = weights.get(f"{name}.bias")
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)

    @property
    def tail_shape(self) -> tuple[int, int]:
        """[kernel - stride, inputs]."""
        return self.kernel - self.stride, self.inputs

    def forward(self, x: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` [n stride, inputs], ``tail`` -> [n, outputs], the new tail."""
        heard = torch.cat([tail, x])
        count = int(x.shape[0])
        if self.kernel == 2 * self.stride and self.stride > 1:
            rows = heard.reshape(-1, self.stride * self.inputs)
            windows = torch.cat([rows[:-1], rows[1:]], dim=1)
        else:
            windows = torch.cat([heard[i : i + count] for i in range(self.kernel)], dim=1)
        y = windows @ self.weight
        return (y if self.bias is None else y + self.bias), heard[count:]


class PointwiseConv(nn.Module):
    """A convolution of kernel 1: no state."""

    def __init__(self, weights: Weights, name: str) -> None:
        super().__init__()
        self.weight = nn.Parameter(weights[f"{name}.weight"][:, :, 0].t().contiguous(), requires_grad=False)
        bias = weights.get(f"{name}.bias")
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """[time, inputs] -> [time, outputs]."""
        y = x @ self.weight
        return y if self.bias is None else y + self.bias


class StreamConvTranspose(nn.Module):
    """A causal transposed convolution of kernel 2 stride: each output hears two inputs.

    Its state is the input before, zero at the start, which is the same as carrying the overlap without its bias.
    """

    def __init__(self, weights: Weights, name: str, stride: int) -> None:
        """``name``: the key without ``.weight`` [inputs, outputs, 2 stride] and ``.bias`` [outputs]."""
        super().__init__()
        weight = weights[f"{name}.weight"]
        self.inputs, self.outputs, kernel = weight.shape
        assert kernel == 2 * stride, (name, kernel, stride)
        before, now = weight[:, :, stride:], weight[:, :, :stride]
        stacked = torch.cat([half.permute(0, 2, 1).reshape(self.inputs, -1) for half in (before, now)])
        self.weight = nn.Parameter(stacked.contiguous(), requires_grad=False)
        self.bias = nn.Parameter(weights[f"{name}.bias"].repeat(stride), requires_grad=False)

    @property
    def tail_shape(self) -> tuple[int, int]:
        """[1, inputs]."""
        return 1, self.inputs

    def forward(self, x: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` [n, inputs], ``tail`` -> [n stride, outputs], the new tail."""
        heard = torch.cat([tail, x])
        y = torch.cat([heard[:-1], heard[1:]], dim=1) @ self.weight + self.bias
        return y.reshape(-1, self.outputs), heard[x.shape[0] :]


class Downsample(StreamConv):
    """25 Hz to 12.5 Hz. The only one padded with its first input, not with zeros: ``first`` is 1 then, else 0."""

    def __init__(self, weights: Weights) -> None:
        super().__init__(weights, "downsample.conv.conv.conv", stride=2)

    def start(self, x: Tensor, tail: Tensor, first: Tensor) -> Tensor:
        """The tail to use: a stream starts with a tail of zeros, to which its first input is added."""
        return tail + first * x[:1]


class Upsample(nn.Module):
    """12.5 Hz to 25 Hz, every channel by itself: products instead of a matrix."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        weight = weights["upsample.convtr.convtr.convtr.weight"]
        self.channels = weight.shape[0]
        self.now = nn.Parameter(weight[:, 0, :2].t().contiguous(), requires_grad=False)
        self.before = nn.Parameter(weight[:, 0, 2:].t().contiguous(), requires_grad=False)

    @property
    def tail_shape(self) -> tuple[int, int]:
        """[1, channels]."""
        return 1, self.channels

    def forward(self, x: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` [1, channels], ``tail`` -> [2, channels], the new tail."""
        return x * self.now + tail * self.before, x
