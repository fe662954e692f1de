"""The network's answer -> the 61 curves: closing the lips for certain, touching the teeth, left and right, quiet."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from models.lipsync.decide import Decision, ramp
from models.lipsync.targets import CLOSURE, CONTACT, LOOKAHEADS_MS, SPEECH
from models.lipsync.thresholds import Thresholds
from models.lipsync.visemes import CHANNELS, SHAPES
from visaged.curves import COUNT, INDEX

# Around its threshold a closure closes the lips part of the way: no jumps, no chatter. A jaw at rest in a closure is
# shut to the eye two thirds up this ramp, which is where the threshold lies.
_RAMP: Final = (-0.10, 0.05)
# Teeth on the lip: the lower lip rolls in around its threshold.
_TOUCHING: Final = (-0.12, 0.12)
# Probability of speech below and above which the mouth rests and moves freely.
RESTING: Final = (0.06, 0.22)
# In speech the lips part at least this far where no bilabial closes them.
PARTED_JAW: Final = 0.05
# No face is even: the sides differ by up to this share, always in the same way.
_UNEVEN: Final = 0.04
_UNEVEN_SEED: Final = 61
# Curves with a left and a right side; the others are in the middle.
_SIDED: Final = frozenset(["MouthStretch", "MouthSmile", "MouthPress", "MouthLowerDown", "MouthUpperUp"])
# A smile digs dimples a little.
_DIMPLE_OF_SMILE: Final = 0.5


class Decoder(nn.Module):
    """Logits [1, look-aheads, OUTPUTS] -> curves [1, look-aheads, 61] and activity [1, 1]."""

    spread: Tensor

    def __init__(self, thresholds: Thresholds) -> None:
        super().__init__()
        self.closure = Decision(thresholds.closure, thresholds.late_closure, _RAMP)
        self.contact = Decision(thresholds.contact, thresholds.late_contact, _TOUCHING)
        self.register_buffer("spread", torch.from_numpy(_spread()))

    def forward(self, logits: Tensor, recent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """In the order of ``visaged.curves``; activity is the probability of speech at 40 ms look-ahead.

        ``recent`` [2, look-aheads]: closures and contacts shown of late, zero at the start; the third answer as of now.
        """
        said = torch.sigmoid(logits)
        speech = said[:, :, SPEECH]
        awake = ramp(speech, *RESTING)
        gate, closed = self.closure(said[:, :, CLOSURE], recent[:1])
        touch, touched = self.contact(said[:, :, CONTACT], recent[1:])
        touch = touch * (1 - gate)
        channels = list(torch.unbind(said[:, :, :CLOSURE] * awake.unsqueeze(2), dim=2))
        jaw = torch.maximum(channels[0], PARTED_JAW * awake)
        channels[0] = jaw
        _at_least(channels, "MouthPress", SHAPES["P"].press * gate * awake)
        _at_least(channels, "MouthRollLower", SHAPES["P"].roll_lower * gate * awake)
        _at_least(channels, "MouthRollUpper", SHAPES["P"].roll_upper * gate * awake)
        _at_least(channels, "MouthRollLower", SHAPES["F"].roll_lower * touch * awake)
        _at_least(channels, "MouthUpperUp", SHAPES["F"].upper_up * touch * awake)
        for name in ("MouthLowerDown", "MouthUpperUp", "TongueOut"):
            channels[CHANNELS.index(name)] = channels[CHANNELS.index(name)] * (1 - gate)
        mouth = torch.stack([*channels, jaw * gate], dim=2)
        activity = speech[:, LOOKAHEADS_MS.index(40) : LOOKAHEADS_MS.index(40) + 1]
        return mouth @ self.spread, activity, torch.cat([closed, touched])


def _at_least(channels: list[Tensor], name: str, value: Tensor) -> None:
    index = CHANNELS.index(name)
    channels[index] = torch.maximum(channels[index], value)


def _spread() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """float32 [channels + MouthClose, 61]: which channel moves which curve, and how much on either side."""
    chance = np.random.default_rng(_UNEVEN_SEED)
    table = np.zeros((len(CHANNELS) + 1, COUNT), np.float32)
    for row, name in enumerate((*CHANNELS, "MouthClose")):
        if name in _SIDED:
            lean = chance.uniform(-_UNEVEN, _UNEVEN)
            table[row, INDEX[f"{name}Left"]] = 1.0 + lean
            table[row, INDEX[f"{name}Right"]] = 1.0 - lean
        else:
            table[row, INDEX[name]] = 1.0
    smile = CHANNELS.index("MouthSmile")
    for side in ("Left", "Right"):
        table[smile, INDEX[f"MouthDimple{side}"]] = _DIMPLE_OF_SMILE * table[smile, INDEX[f"MouthSmile{side}"]]
    return table
