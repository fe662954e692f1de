"""Residual vector quantisation: a latent to one index per codebook, and back.

Two quantisers start from the same latent: ``rvq_first`` with the semantic codebook, ``rvq_rest`` with the acoustic
ones, each with its own projections; decoding adds what both say.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.mimi.conv import PointwiseConv, Weights
from models.mimi.dims import CODEBOOK_SIZE, SEMANTIC

NO_CODE = CODEBOOK_SIZE
"""The index that stands for nothing: it adds zero, so a decoder of n codebooks also serves fewer."""

# A codeword that training never used must not divide by zero.
_MIN_USAGE = 1e-5


def codewords(weights: Weights, index: int) -> Tensor:
    """The vectors of codebook ``index`` of all, float32 [2048, codebook_dim]: sums over their uses."""
    branch, layer = ("rvq_first", index) if index < SEMANTIC else ("rvq_rest", index - SEMANTIC)
    name = f"quantizer.{branch}.vq.layers.{layer}._codebook"
    return weights[f"{name}.embedding_sum"] / weights[f"{name}.cluster_usage"].clamp(min=_MIN_USAGE)[:, None]


class Quantizer(nn.Module):
    """Latent to indices."""

    def __init__(self, weights: Weights, codebooks: int) -> None:
        super().__init__()
        self.project = nn.ModuleList(
            PointwiseConv(weights, f"quantizer.{branch}.input_proj") for branch in ("rvq_first", "rvq_rest")
        )
        words = [codewords(weights, index) for index in range(codebooks)]
        self.words = nn.ParameterList(nn.Parameter(table, requires_grad=False) for table in words)
        # |x - e|² is least where |e|² / 2 - x e is: no need of |x|². In float64, for near ties decide the index.
        halves = [(table.double().square().sum(dim=1) / 2).float() for table in words]
        self.halves = nn.ParameterList(nn.Parameter(half, requires_grad=False) for half in halves)

    def forward(self, latent: Tensor) -> Tensor:
        """``latent`` [1, dimension] -> int64 [codebooks]."""
        first, rest = (project(latent) for project in self.project)
        indices = []
        for number, (words, half) in enumerate(zip(self.words, self.halves, strict=True)):
            left = first if number < SEMANTIC else rest
            nearest = torch.argmin(half - left @ words.t(), dim=1)
            indices.append(nearest)
            if SEMANTIC <= number < len(self.words) - 1:
                rest = rest - words[nearest]
        return torch.cat(indices)


class Dequantizer(nn.Module):
    """Indices to a latent."""

    def __init__(self, weights: Weights, codebooks: int) -> None:
        super().__init__()
        words = [codewords(weights, index) for index in range(codebooks)]
        nothing = torch.zeros(1, words[0].shape[1])
        self.words = nn.Parameter(
            torch.cat([part for table in words for part in (table, nothing)]), requires_grad=False
        )
        self.starts = nn.Parameter(
            torch.arange(codebooks, dtype=torch.int32) * (CODEBOOK_SIZE + 1), requires_grad=False
        )
        self.project = nn.ModuleList(
            PointwiseConv(weights, f"quantizer.{branch}.output_proj") for branch in ("rvq_first", "rvq_rest")
        )

    def forward(self, codes: Tensor) -> Tensor:
        """``codes`` int32 [codebooks], 0..2047 or NO_CODE -> [1, dimension]."""
        said = self.words[codes + self.starts]
        first, rest = said[:SEMANTIC], said[SEMANTIC:]
        latent: Tensor = self.project[0](first)
        if len(rest):
            latent = latent + self.project[1](rest.sum(dim=0, keepdim=True))
        return latent
