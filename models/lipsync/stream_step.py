"""The whole solver as one step: 400 samples and state in, curves and state out. This is what is exported."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from models.lipsync import cmu
from models.lipsync.decode import Decoder
from models.lipsync.ensemble import Ensemble
from models.lipsync.frontend import FRAME, HISTORY, HOP, WINDOW, FrontEnd, Tracker
from models.lipsync.targets import LOOKAHEADS_MS
from models.lipsync.thresholds import Thresholds

INPUT: Final = "sound"
OUTPUTS: Final = (*(f"curves_{ms}" for ms in LOOKAHEADS_MS), "activity")


class StreamStep(nn.Module):
    """Front end, network and decoder. Every state tensor is zero at the start of a stream."""

    def __init__(self, net: Ensemble, thresholds: Thresholds) -> None:
        super().__init__()
        self.front = FrontEnd()
        self.net = net
        self.decoder = Decoder(thresholds)
        self.state_shapes = {
            "state_sound": (1, WINDOW - HOP),
            "state_level": (1, 2),
            "state_mean": (1, cmu.CEPSTRA),
            "state_cepstra": (1, HISTORY, cmu.CEPSTRA),
            "state_gru": (1, net.state_width),
            "state_shown": (2, len(LOOKAHEADS_MS)),
        }

    def initial(self) -> list[Tensor]:
        """Zero state, in the order of ``state_shapes``."""
        return [torch.zeros(shape) for shape in self.state_shapes.values()]

    def forward(self, sound: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """``sound`` float32 [1, 400] -> the curves of each look-ahead [1, 61], activity [1, 1], then the new state."""
        tail, level, mean, cepstra, gru, shown = state
        # A running normaliser must not be taught levels that no converter gives.
        heard = torch.cat([tail, torch.clamp(sound, -1.0, 1.0)], dim=1)
        logs = self.front.spectra(torch.cat([heard[:, :WINDOW], heard[:, HOP:]]))
        tracker = Tracker(level, mean)
        first, c1, tracker = self.front.track(logs[:1], tracker)
        second, c2, tracker = self.front.track(logs[1:], tracker)
        window = torch.cat([cepstra, c1.unsqueeze(1), c2.unsqueeze(1)], dim=1)
        features = torch.cat([first, second, self.front.phone_scores(window)], dim=1)
        answer, gru = self.net.step(features, gru)
        curves, activity, shown = self.decoder(answer.agreed(), shown)
        by_head = [curves[:, head] for head in range(len(LOOKAHEADS_MS))]
        return (*by_head, activity, heard[:, FRAME:], tracker.level, tracker.mean, window[:, 2:], gru, shown)
