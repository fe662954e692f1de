"""What the network trains on: crops of the streams, drawn by voice, changed in speed, with parts missing."""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.lipsync.frontend import MELS

logger = logging.getLogger(__name__)

# Short crops in large batches: a GRU on a CPU spends its time on the steps, not on the products.
CROP: Final = 96
# How often a voice's streams are drawn: many people in one folder more, labels by a foreign aligner less.
_SHARES: Final = {
    "train-recorded-librispeech": 2.0, "train-recorded-commonvoice": 2.0, "train-recorded-omnilingo": 0.8,
    "train-recorded-orders": 1.0, "train-recorded-kokoro": 1.0,
    "train-recorded-pico": 1.2, "train-recorded-rhvoice": 1.2, "train-recorded-kathleen": 1.2,
    "train-recorded-precise": 1.2, "train-recorded-commands": 0.8, "train-recorded-wake": 0.8,
    "train-recorded-kerstin": 0.6, "train-flite": 2.0, "train-festival": 3.0, "train-espeak": 3.0,
}  # fmt: skip
# Spread (in the network's units of 11 dB) and knots of the random colour of a crop.
_COLOUR: Final = 0.35
_KNOTS: Final = 7
# Another vocal tract: share of crops, and by how many bands (of some 6 % in frequency) they are moved and stretched.
_WARPED_SHARE: Final = 0.6
_SHIFT_BANDS: Final = 1.2
_STRETCH_BANDS: Final = 0.8


@dataclass
class Shard:
    """Streams of one file: ``x`` float16 [streams, frames, features], ``y`` uint8 [streams, heads, frames, width]."""

    name: str
    x: NDArray[np.float16]
    y: NDArray[np.uint8]


def load_shards(
    cache: Path, prefix: str, known: list[Shard] | None = None, part: tuple[int, int] = (0, 1)
) -> list[Shard]:
    """All shards under ``cache/streams`` whose name starts with ``prefix``; those ``known`` are not read again.

    ``part``: this one's number and how many share the shards, so that none needs memory for all.
    """
    shards = {shard.name: shard for shard in known or []}
    for path in sorted((cache / "streams").glob(f"{prefix}-*.npz")):
        own = zlib.crc32(path.stem.encode()) % part[1] == part[0]
        if own and ".part" not in path.name and path.stem not in shards:
            with np.load(path) as kept:
                shards[path.stem] = Shard(path.stem, kept["x"], kept["y"])
    return [shards[name] for name in sorted(shards)]


class Crops:
    """Draws crops from whatever streams are there; training may start before all are made."""

    def __init__(self, cache: Path, rng: np.random.Generator, part: tuple[int, int] = (0, 1)) -> None:
        self._cache, self._rng, self._part = cache, rng, part
        self._shards: list[Shard] = []
        self.refresh()

    def refresh(self) -> None:
        """Take in shards made since."""
        before = len(self._shards)
        own = load_shards(self._cache, "train", self._shards, self._part)
        # Of a few shards one's own part may be none.
        self._shards = own or load_shards(self._cache, "train")
        if len(self._shards) == before:
            return
        self._places = np.array([(i, s) for i, shard in enumerate(self._shards) for s in range(len(shard.x))])
        shares = [next((v for k, v in _SHARES.items() if shard.name.startswith(k)), 1.0) for shard in self._shards]
        weights = np.repeat(shares, [len(shard.x) for shard in self._shards])
        self._chance = weights / weights.sum()
        logger.info("%d streams, %.1f h", len(weights), len(weights) * self._shards[0].x.shape[1] / 216_000)

    def draw(self, batch: int) -> tuple[Tensor, Tensor]:
        """Features [batch, crop, FEATURES] and targets uint8 [batch, crop, look-aheads, WIDTH]."""
        xs, ys = [], []
        for shard, stream in self._places[self._rng.choice(len(self._places), size=batch, p=self._chance)]:
            x, y = self._shards[shard].x[stream], self._shards[shard].y[stream]
            start = int(self._rng.integers(len(x) - CROP + 1))
            xs.append(x[start : start + CROP])
            ys.append(y[:, start : start + CROP].transpose(1, 0, 2))
        return torch.from_numpy(np.stack(xs)).float(), torch.from_numpy(np.stack(ys))


def _warps(batch: int) -> Tensor:
    """Where each band is read, [batch, MELS]: another vocal tract shifts and stretches the mels by up to two bands."""
    shift = (2 * torch.rand(batch, 1) - 1) * _SHIFT_BANDS
    stretch = (2 * torch.rand(batch, 1) - 1) * _STRETCH_BANDS
    bands = torch.arange(MELS, dtype=torch.float32)
    changed = (torch.rand(batch, 1) < _WARPED_SHARE).float()
    return (bands + changed * (shift + stretch * (2 * bands / (MELS - 1) - 1))).clamp(0, MELS - 1)


def _warped(mels: Tensor, warp: Tensor) -> Tensor:
    """``mels`` [batch, time, MELS] read at ``warp``, between two bands in proportion."""
    low = warp.floor().clamp(max=MELS - 2)
    part = (warp - low)[:, None]
    index = low.long()[:, None].expand(mels.shape)
    return torch.lerp(mels.gather(2, index), mels.gather(2, index + 1), part)


def disturbed(x: Tensor, scores: bool) -> Tensor:
    """Features with parts missing, so that the network learns to use whatever is there."""
    batch, time_, _ = x.shape
    x = x.clone()
    mels = 2 * (MELS + 1)
    x[:, :, :mels] += 0.1 * torch.randn(batch, time_, mels) + 0.15 * torch.randn(batch, 1, mels)
    warp = _warps(batch)
    # Another voice and microphone: a smooth curve over the bands, of some 4 dB.
    curve = F.interpolate(_COLOUR * torch.randn(batch, 1, _KNOTS), MELS, mode="linear", align_corners=True)
    for first in (0, MELS + 1):
        x[:, :, first : first + MELS] += curve
        x[:, :, first : first + MELS] = _warped(x[:, :, first : first + MELS], warp)
    for row in range(batch):
        if torch.rand(()) < 0.5:
            low, width = int(torch.randint(MELS, ())), int(torch.randint(1, 9, ()))
            for first in (0, MELS + 1):
                x[row, :, first + low : first + min(low + width, MELS)] = 0.0
        if torch.rand(()) < 0.12:
            x[row, :, :mels] = 0.0
        elif not scores or torch.rand(()) < 0.12:
            x[row, :, mels:] = 0.0
    if not scores:
        x[:, :, mels:] = 0.0
    return x
