"""The sizes of a Mimi: those of the published checkpoint, and those of a narrow one for tests."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Final

SAMPLE_RATE_HZ: Final = 24_000
RATIOS: Final = (4, 5, 6, 8)
"""Strides of the encoder's convolutions; the decoder's are the same backwards."""
TOKENS: Final = 2
"""Latents per frame inside the transformers: 25 Hz."""
FRAME: Final = prod(RATIOS) * TOKENS
"""Samples per frame: 80 ms."""
CODEBOOK_SIZE: Final = 2048
MAX_CODEBOOKS: Final = 32
SEMANTIC: Final = 1
"""The first codebook is a quantiser of its own, distilled from a speech recogniser; the others refine the sound."""


@dataclass(frozen=True)
class Dims:
    """What a checkpoint's shapes follow from. The defaults are Kyutai's Mimi."""

    filters: int = 64
    """Channels of the outermost convolution; doubled at each stride."""
    dimension: int = 512
    """Of the latents and the transformers."""
    heads: int = 8
    layers: int = 8
    feedforward: int = 2048
    context: int = 250
    """How many latents a latent attends to, itself among them: 10 s."""
    codebook_dim: int = 256

    @property
    def head_dim(self) -> int:
        """Per attention head."""
        return self.dimension // self.heads


TRUE: Final = Dims()
NARROW: Final = Dims(filters=4, dimension=32, heads=2, layers=2, feedforward=64, context=20, codebook_dim=8)
"""Everything that the true one has but its size: tests with it take milliseconds. A window of 0.8 s fills quickly."""
