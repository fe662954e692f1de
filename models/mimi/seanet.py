"""SEANet, the convolutional outside of Mimi: sound to latents and back. State: one tail per convolution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from models.mimi.conv import PointwiseConv, StreamConv, StreamConvTranspose, Weights
from models.mimi.dims import RATIOS


class Residual(nn.Module):
    """x + narrow(x): ELU, kernel 3 to half the width, ELU, kernel 1 back."""

    def __init__(self, weights: Weights, name: str) -> None:
        super().__init__()
        self.narrow = StreamConv(weights, f"{name}.block.1.conv.conv")
        self.widen = PointwiseConv(weights, f"{name}.block.3.conv.conv")

    @property
    def tail_shape(self) -> tuple[int, int]:
        """[2, width]."""
        return self.narrow.tail_shape

    def forward(self, x: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """[time, width], tail -> the same."""
        y, tail = self.narrow(F.elu(x), tail)
        return x + self.widen(F.elu(y)), tail


class _Stack(nn.Module):
    """Stages in a row, each with one tail; ELU before those that ``activated`` names by index."""

    def __init__(self, stages: list[nn.Module], activated: set[int]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.activated = activated

    @property
    def tail_shapes(self) -> list[tuple[int, int]]:
        """One per stage, in order."""
        return cast("list[tuple[int, int]]", [stage.tail_shape for stage in self.stages])

    def forward(self, x: Tensor, tails: Iterator[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """``tails``: as many as ``tail_shapes`` are taken."""
        new = []
        for index, stage in enumerate(self.stages):
            x, tail = stage(F.elu(x) if index in self.activated else x, next(tails))
            new.append(tail)
        return x, new


class SeanetEncoder(_Stack):
    """[1920, 1] -> [2, dimension]."""

    def __init__(self, weights: Weights) -> None:
        stages: list[nn.Module] = [StreamConv(weights, "encoder.model.0.conv.conv")]
        at = 1
        for ratio in RATIOS:
            stages.append(Residual(weights, f"encoder.model.{at}"))
            stages.append(StreamConv(weights, f"encoder.model.{at + 2}.conv.conv", ratio))
            at += 3
        stages.append(StreamConv(weights, f"encoder.model.{at + 1}.conv.conv"))
        super().__init__(stages, {i for i, stage in enumerate(stages) if i and isinstance(stage, StreamConv)})


class SeanetDecoder(_Stack):
    """[2, dimension] -> [1920, 1]."""

    def __init__(self, weights: Weights) -> None:
        stages: list[nn.Module] = [StreamConv(weights, "decoder.model.0.conv.conv")]
        at = 2
        for ratio in reversed(RATIOS):
            stages.append(StreamConvTranspose(weights, f"decoder.model.{at}.convtr.convtr", ratio))
            stages.append(Residual(weights, f"decoder.model.{at + 1}"))
            at += 3
        stages.append(StreamConv(weights, f"decoder.model.{at}.conv.conv"))
        super().__init__(stages, {i for i, stage in enumerate(stages) if i and not isinstance(stage, Residual)})
