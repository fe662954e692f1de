"""Sound -> what the network hears, 60 times a second: gain-free log-mels and phone scores from real people's speech.

Per 8.33 ms hop: a 25 ms spectrum, 40 log-mels minus a running level (so that loudness does not matter), and 13 cepstra
minus a running mean (so that rooms and microphones matter less). Per 16.67 ms frame: the scores of CMU Sphinx's 126
phone states (``cmu.py``) beside the mels. All running values are explicit state that starts at zero, and the same
``track`` runs over whole utterances in training and step by step in the exported graph.

Sphinx's features are made for 16 kHz, 410-sample windows and 10 ms hops. A 768-point spectrum at 24 kHz has the same
31.25 Hz bins; deltas over hops of 8.33 ms are scaled to those over 10 ms.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.lipsync import cmu
from models.lipsync.utterance import RATE_HZ

HOP: Final = 200
FRAME: Final = 2 * HOP
WINDOW: Final = 3 * HOP
_FFT: Final = 768
_BIN_HZ: Final = RATE_HZ / _FFT

MELS: Final = 40
# To 7.6 kHz: what a 16 kHz source still has.
_MEL_RANGE_HZ: Final = (60.0, 7600.0)
SPHINX_FILTERS: Final = 25
_SPHINX_RANGE_HZ: Final = (130.0, 6800.0)
_SPHINX_LIFTER: Final = 22
_BROADBAND_HZ: Final = (100.0, 4000.0)
_BINS: Final = int(_MEL_RANGE_HZ[1] / _BIN_HZ) + 2

FEATURES: Final = 2 * MELS + 2 + cmu.STATES
"""Per frame: mels and level of both hops, phone state scores."""

# Power of white noise one 16-bit step strong, in the units of a spectrum of int16 samples: what silence is worth.
FLOOR_POWER: Final = 100.0
# The level follows sound within 40 ms and falls 8 dB a second, so pauses between words do not raise the noise.
ATTACK_S: Final = 0.04
RELEASE_DB_PER_S: Final = 8.0
# Level of speech at about -62 dBFS: below it sound is background, not faint speech.
LEVEL_FLOOR: Final = 12.0
CLIP: Final = (-11.0, 2.5)
# The running mean of the cepstra takes this long to settle, and listens to frames near the level only.
MEAN_S: Final = 1.5
HOP_S: Final = HOP / RATE_HZ
# Sphinx's hops against ours, for deltas.
DELTA_SCALE: Final = 0.01 / HOP_S
# Scores are logs that differ by tens; this brings the good candidates of a frame within sight of one another.
SCORE_SCALE: Final = 0.3
SCORE_FLOOR: Final = -8.0
_PIECE: Final = 48
HISTORY: Final = 5
"""Cepstra kept from before a frame: its double delta reaches over seven hops, two of them new."""

# Where the cepstra of speech lie at the level's gain: mean over the corpus, so that the running mean starts near it.
_MEAN_CEPSTRA: Final = (-25.3, 8.5, 0.2, 30.8, -20.4, 1.5, -5.0, -12.9, -2.3, -7.0, 6.5, -6.9, 1.4)


class Tracker(NamedTuple):
    """Running values, all zero at the start. Shapes [batch, …]."""

    level: Tensor
    """[batch, 2]: smoothed energy and level, above the floor, nats."""
    mean: Tensor
    """[batch, 13]: running mean of the cepstra, less the corpus mean."""


class FrontEnd(nn.Module):
    """Tables and arithmetic; nothing is learned."""

    window: Tensor
    cosine: Tensor
    sine: Tensor
    bands: Tensor
    cepstrum: Tensor
    mean_cepstra: Tensor
    cepstral_scale: Tensor
    gaussians: Tensor
    gaussian_constants: Tensor
    weights: Tensor

    def __init__(self) -> None:
        super().__init__()
        time = np.arange(WINDOW)
        angle = 2 * np.pi * np.outer(time, np.arange(_BINS)) / _FFT
        self._table("window", np.hamming(WINDOW) * 32768.0)
        self._table("cosine", np.cos(angle))
        self._table("sine", np.sin(angle))
        self._table("bands", _bands())
        self._table("cepstrum", _dct())
        self._table("mean_cepstra", np.array(_MEAN_CEPSTRA))
        model = cmu.read()
        # Cepstra in units of their usual spread: the tables then fit half precision.
        scale = (-0.5 / model.square).mean(axis=(1, 2), keepdims=True) ** 0.5
        self._table("cepstral_scale", scale.reshape(cmu.STREAMS, 1, cmu.CEPSTRA))
        quadratic = np.concatenate([model.square * scale**2, model.linear * scale], axis=-1)
        # Kept in half precision, so that the package is half the size; rounded here, so that training hears the same.
        gaussians = quadratic.reshape(cmu.STREAMS, cmu.PHONES * cmu.GAUSSIANS, 26).transpose(0, 2, 1)
        self._table("gaussians", gaussians.astype(np.float16))
        self._table("gaussian_constants", model.constant.reshape(cmu.STREAMS, 1, -1))
        self._table("weights", np.exp(model.log_weights).transpose(0, 1, 3, 2).astype(np.float16))

    def _table(self, name: str, values: NDArray[np.floating]) -> None:
        self.register_buffer(name, torch.tensor(np.ascontiguousarray(values), dtype=torch.float32))

    def spectra(self, frames: Tensor) -> Tensor:
        """Windows [..., 600] of sound -> log powers [..., 40 mels + 25 Sphinx bands + 1 broadband]."""
        windowed = frames * self.window
        power = (windowed @ self.cosine) ** 2 + (windowed @ self.sine) ** 2
        return torch.log(power @ self.bands + FLOOR_POWER)

    def initial(self, batch: int) -> Tracker:
        """A stream that has heard nothing."""
        return Tracker(torch.zeros(batch, 2), torch.zeros(batch, cmu.CEPSTRA))

    def track(self, logs: Tensor, tracker: Tracker) -> tuple[Tensor, Tensor, Tracker]:
        """One hop: log powers [batch, 66] -> mels and level [batch, 41], cepstra [batch, 13], the tracker moved on."""
        smooth, level = tracker.level[:, :1], tracker.level[:, 1:]
        smooth = smooth + (1.0 - float(np.exp(-HOP_S / ATTACK_S))) * (logs[:, -1:] - LEVEL_FLOOR - smooth)
        release = RELEASE_DB_PER_S * HOP_S * float(np.log(10) / 10)
        level = torch.clamp(torch.maximum(smooth, level - release), min=0.0)
        relative = logs - (level + LEVEL_FLOOR)
        cepstra = relative[:, MELS:-1] @ self.cepstrum
        # Full weight within 5 nats (22 dB) of the level, none below 8.
        near = torch.clamp((relative[:, -1:] + 8.0) / 3.0, 0.0, 1.0)
        centred = cepstra - self.mean_cepstra - tracker.mean
        mean = tracker.mean + near * (HOP_S / MEAN_S) * centred
        heard = torch.clamp(torch.cat([relative[:, :MELS], relative[:, -1:]], dim=1), *CLIP)
        return heard, centred, Tracker(torch.cat([smooth, level], dim=1), mean)

    def phone_scores(self, cepstra: Tensor) -> Tensor:
        """Seven hops of cepstra [batch, 7, 13] -> scores of the 126 states, 0 (unlikely) .. 1, of the middle hop."""
        c = cepstra
        delta = (c[:, 5] - c[:, 1]) * DELTA_SCALE
        double = ((c[:, 6] - c[:, 2]) - (c[:, 4] - c[:, 0])) * DELTA_SCALE**2
        x = torch.stack([c[:, 3], delta, double]) / self.cepstral_scale
        logs = torch.cat([x * x, x], dim=2) @ self.gaussians + self.gaussian_constants
        logs = logs.reshape(cmu.STREAMS, -1, cmu.PHONES, cmu.GAUSSIANS)
        best = logs.amax(dim=3, keepdim=True)
        # By phone first: a few products of matrices instead of one per frame and phone.
        sums = (torch.exp(logs - best).transpose(1, 2) @ self.weights).transpose(1, 2)
        states = (torch.log(sums + 1e-20) + best).sum(dim=0).reshape(-1, cmu.STATES)
        posterior = torch.log_softmax(states * SCORE_SCALE, dim=1)
        return 1.0 - torch.clamp(posterior, min=SCORE_FLOOR) / SCORE_FLOOR

    @torch.no_grad()
    def forward(self, sound: Tensor) -> Tensor:
        """Streams float32 [batch, samples] at 24 kHz (a multiple of 400) -> features [batch, frames, FEATURES]."""
        batch, samples = sound.shape
        frames = samples // FRAME
        padded = torch.cat([torch.zeros(batch, WINDOW - HOP), sound], dim=1)
        logs = torch.stack([self.spectra(row.unfold(0, WINDOW, HOP)) for row in padded])
        tracker = self.initial(batch)
        heard, cepstra = [], [torch.zeros(batch, cmu.CEPSTRA)] * HISTORY
        for hop in range(2 * frames):
            mels, c, tracker = self.track(logs[:, hop], tracker)
            heard.append(mels)
            cepstra.append(c)
        pairs = torch.stack(heard, dim=1).reshape(batch, frames, 2 * (MELS + 1))
        windows = torch.stack(cepstra, dim=1).unfold(1, HISTORY + 2, 2).transpose(2, 3)
        # In pieces that stay in the cache: 16,000 Gaussians a frame are otherwise bound by memory.
        pieces = windows.reshape(-1, HISTORY + 2, cmu.CEPSTRA).split(_PIECE)
        scores = torch.cat([self.phone_scores(piece) for piece in pieces]).reshape(batch, frames, -1)
        return torch.cat([pairs, scores], dim=2)


def _mel(hz: NDArray[np.floating] | float) -> NDArray[np.floating]:
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)


def _triangles(count: int, low_hz: float, high_hz: float) -> NDArray[np.floating]:
    """[bins, count] triangular mel filters with edges on bins (as Sphinx rounds them), each adding up to 1."""
    edges_hz = 700.0 * (10.0 ** (np.linspace(_mel(low_hz), _mel(high_hz), count + 2) / 2595.0) - 1.0)
    edges = np.round(edges_hz / _BIN_HZ)
    # At the low end the mel edges are closer than bins: no filter may vanish.
    for i in range(1, len(edges)):
        edges[i] = max(edges[i], edges[i - 1] + 1)
    bins = np.arange(_BINS)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(rising, falling))
    return filters / filters.sum(axis=0)


def _bands() -> NDArray[np.floating]:
    """[bins, 66]: mel filters, Sphinx's filters, and the broad band the level is taken from; pre-emphasis included."""
    hz = np.arange(_BINS) * _BIN_HZ
    emphasis = np.abs(1.0 - 0.97 * np.exp(-2j * np.pi * hz / 16_000.0)) ** 2
    broad = ((hz >= _BROADBAND_HZ[0]) & (hz <= _BROADBAND_HZ[1])).astype(float)[:, None]
    # The level is that of the plain sound: pre-emphasis would make hissing speech seem loud.
    mels = _triangles(MELS, *_MEL_RANGE_HZ) * emphasis[:, None]
    sphinx = _triangles(SPHINX_FILTERS, *_SPHINX_RANGE_HZ) * emphasis[:, None]
    return np.concatenate([mels, sphinx, broad / broad.sum()], axis=1)


def _dct() -> NDArray[np.floating]:
    """[25, 13] orthonormal DCT-II with Sphinx's lifter."""
    n = np.arange(SPHINX_FILTERS)
    k = np.arange(cmu.CEPSTRA)
    basis = np.sqrt(2.0 / SPHINX_FILTERS) * np.cos(np.pi * np.outer(n + 0.5, k) / SPHINX_FILTERS)
    basis[:, 0] /= np.sqrt(2.0)
    return basis * (1.0 + _SPHINX_LIFTER / 2 * np.sin(np.pi * k / _SPHINX_LIFTER))
