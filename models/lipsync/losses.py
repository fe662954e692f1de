"""What the network is punished for: mouths of the wrong shape, closures missed and closures that are none."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from models.lipsync.model import Answer
from models.lipsync.targets import CLOSURE, CONTACT, SPEECH, VISEME_CLASS
from models.lipsync.visemes import CHANNELS, OVR

# A crop starts with an empty memory in the middle of speech: its first frames are not held against it.
_UNJUDGED: Final = 8
# Sounds that read as closures to a model that listens badly: their frames count more when they are not closed.
_HARD: Final = tuple(OVR.index(name) for name in ("nn", "kk", "FF", "DD", "TH"))
_HARD_WEIGHT: Final = 2.0
# Closed frames are 1 in 25.
_CLOSED_WEIGHT: Final = 3.0
_CONTACT_WEIGHT: Final = 4.0
# To tell p from t, m from n is the heart of the closure decision, and there are labels for it in every frame.
_VISEME_WEIGHT: Final = 1.2
_ROUND: Final = [CHANNELS.index("MouthFunnel"), CHANNELS.index("MouthPucker")]


def loss(answer: Answer, wanted: Tensor) -> Tensor:
    """``wanted`` uint8 [batch, time, look-aheads, WIDTH]."""
    answer = Answer(answer.curves[:, _UNJUDGED:], answer.visemes[:, _UNJUDGED:])
    wanted = wanted[:, _UNJUDGED:]
    values = wanted[..., :VISEME_CLASS].float() / 255
    said = torch.sigmoid(answer.curves[..., :CLOSURE])
    miss = said - values[..., :CLOSURE]
    # The jaw matters most to the eye, then how round the lips are, then all lips alike.
    shape = (miss**2).mean() * 12 + (miss[..., 0] ** 2).mean() * 12 + (miss[..., _ROUND] ** 2).mean() * 24
    move = ((miss[:, 1:] - miss[:, :-1]) ** 2).mean() * 40
    kind = wanted[..., VISEME_CLASS].long()
    hard = torch.isin(kind, torch.tensor(_HARD))
    weight = torch.where(values[..., CLOSURE] > 0.5, _CLOSED_WEIGHT, torch.where(hard, _HARD_WEIGHT, 1.0))
    closed = F.binary_cross_entropy_with_logits(answer.curves[..., CLOSURE], values[..., CLOSURE], weight)
    touch = F.binary_cross_entropy_with_logits(
        answer.curves[..., CONTACT], values[..., CONTACT], 1 + (_CONTACT_WEIGHT - 1) * values[..., CONTACT]
    )
    speech = F.binary_cross_entropy_with_logits(answer.curves[..., SPEECH], values[..., SPEECH])
    viseme = F.cross_entropy(answer.visemes.reshape(-1, len(OVR)), kind.reshape(-1))
    return shape + move + 3.0 * closed + 1.5 * touch + 0.3 * speech + _VISEME_WEIGHT * viseme
