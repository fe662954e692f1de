"""The network: features in, mouth channels and decisions out, one recurrent state, one head per look-ahead."""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from models.lipsync.frontend import FEATURES, MELS
from models.lipsync.targets import CLOSURE, CONTACT, LOOKAHEADS_MS, SPEECH
from models.lipsync.visemes import CHANNELS, OVR, typical

OUTPUTS: Final = SPEECH + 1
"""Per look-ahead: channels, closure, contact, speech, all as logits."""

# Centre and spread of log-mels and level over the corpus, so that the first layer starts in a good range.
_MEL_CENTRE: Final = -5.8
_LEVEL_CENTRE: Final = -2.5
_SPREAD: Final = 2.6
# Share of units that are silent in training, before, between and after the recurrent layers: few voices are soon known
# by heart.
_DROPPED: Final = 0.15


# How much of the decision to close the lips, and to put lip and teeth together, is the visemes': one answer for all
# sounds at once, in which p must win against t. The rest is the decision's own head, which knows when to begin.
VISEMES_SHARE: Final = {CLOSURE: (OVR.index("PP"), 0.75), CONTACT: (OVR.index("FF"), 0.5)}
# How much of the lips' roundness is what the visemes, each by its chance, look like; the rest is the channel's own
# value, which knows of the neighbours, but unsure it shows half of each.
ROUND: Final = [CHANNELS.index(name) for name in ("MouthFunnel", "MouthPucker")]
ROUND_SHARE: Final = 0.5
_LOOKS: Final = torch.from_numpy(typical())


class Answer(NamedTuple):
    """Logits. Shapes [batch, time, look-aheads, …]."""

    curves: Tensor
    """[…, OUTPUTS]"""
    visemes: Tensor
    """[…, 15]"""

    def agreed(self) -> Tensor:
        """``curves``, but closure, contact and roundness as their own heads and the visemes see them together.

        Closure and contact: mean log odds. Roundness: mean value.
        """
        columns = list(torch.unbind(self.curves, dim=-1))
        for column, (viseme, share) in VISEMES_SHARE.items():
            others = torch.cat([self.visemes[..., :viseme], self.visemes[..., viseme + 1 :]], dim=-1)
            odds = self.visemes[..., viseme] - torch.logsumexp(others, dim=-1)
            columns[column] = (1.0 - share) * columns[column] + share * odds
        expected = torch.softmax(self.visemes, dim=-1) @ _LOOKS.to(self.visemes)
        for column in ROUND:
            mean = (1.0 - ROUND_SHARE) * torch.sigmoid(columns[column]) + ROUND_SHARE * expected[..., column]
            columns[column] = torch.log(mean) - torch.log1p(-mean)
        return torch.stack(columns, dim=-1)


class LipNet(nn.Module):
    """Linear -> two GRU layers -> heads. 60 steps a second, causal."""

    centre: Tensor
    spread: Tensor

    def __init__(self, hidden: int = 224) -> None:
        super().__init__()
        self.hidden = hidden
        centre = torch.zeros(FEATURES)
        spread = torch.ones(FEATURES)
        for hop in range(2):
            first = hop * (MELS + 1)
            centre[first : first + MELS] = _MEL_CENTRE
            centre[first + MELS] = _LEVEL_CENTRE
            spread[first : first + MELS + 1] = _SPREAD
        self.register_buffer("centre", centre)
        self.register_buffer("spread", spread)
        self.enter = nn.Linear(FEATURES, hidden)
        self.gru = nn.GRU(hidden, hidden, num_layers=2, batch_first=True, dropout=_DROPPED)
        self.curves = nn.Linear(hidden, len(LOOKAHEADS_MS) * OUTPUTS)
        self.visemes = nn.Linear(hidden, len(LOOKAHEADS_MS) * len(OVR))
        self.drop = nn.Dropout(_DROPPED)

    def normal(self, features: Tensor) -> Tensor:
        """Features as the network sees them: about zero mean, unit spread."""
        return (features - self.centre) / self.spread

    def forward(self, features: Tensor, state: Tensor | None = None) -> Answer:
        """``features`` [batch, time, FEATURES], already ``normal``; ``state`` [2, batch, hidden], None is zero."""
        x, _ = self.gru(self.drop(torch.relu(self.enter(features))), state)
        x = self.drop(x)
        shape = (*x.shape[:2], len(LOOKAHEADS_MS), -1)
        return Answer(self.curves(x).reshape(shape), self.visemes(x).reshape(shape))

    def step(self, features: Tensor, state: Tensor) -> tuple[Answer, Tensor]:
        """One frame: raw ``features`` [1, FEATURES], ``state`` [2, hidden] -> answer [1, look-aheads, …], state.

        The GRU is written out, so that it exports as plain matrix products.
        """
        x = torch.relu(self.enter(self.normal(features)))
        states = []
        for layer in range(2):
            before = state[layer : layer + 1]
            into = x @ getattr(self.gru, f"weight_ih_l{layer}").T + getattr(self.gru, f"bias_ih_l{layer}")
            kept = before @ getattr(self.gru, f"weight_hh_l{layer}").T + getattr(self.gru, f"bias_hh_l{layer}")
            n = self.hidden
            reset = torch.sigmoid(into[:, :n] + kept[:, :n])
            update = torch.sigmoid(into[:, n : 2 * n] + kept[:, n : 2 * n])
            new = torch.tanh(into[:, 2 * n :] + reset * kept[:, 2 * n :])
            x = new + update * (before - new)
            states.append(x)
        answer = Answer(*(head(x).reshape(1, len(LOOKAHEADS_MS), -1) for head in (self.curves, self.visemes)))
        return answer, torch.cat(states)
