"""Several networks that hear the same features and answer together: the mean of their logits.

Networks trained apart err apart, so their mean errs less than each (Hansen & Salamon 1990; Lakshminarayanan et al.
2017). Trained on little data, two halves of the budget in two networks do more than one network twice as large.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.lipsync.model import Answer, LipNet


class Ensemble(nn.Module):
    """One or more ``LipNet``, of whatever widths, used as one."""

    def __init__(self, nets: Sequence[LipNet]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    @property
    def members(self) -> list[LipNet]:
        """The networks themselves."""
        return [net for net in self.nets if isinstance(net, LipNet)]

    @property
    def state_width(self) -> int:
        """Values in the recurrent state: that of every layer of every network, one after the other."""
        return sum(2 * net.hidden for net in self.members)

    def normal(self, features: Tensor) -> Tensor:
        """As ``LipNet.normal``, which is the same for all."""
        return self.members[0].normal(features)

    def forward(self, features: Tensor) -> Answer:
        """``features`` [batch, time, FEATURES], already ``normal``; every network's state starts at zero."""
        return _mean([net(features) for net in self.members])

    def step(self, features: Tensor, state: Tensor) -> tuple[Answer, Tensor]:
        """One frame: raw ``features`` [1, FEATURES], ``state`` [1, state_width] -> [1, look-aheads, …], state.

        A state is zero at the start of a stream.
        """
        answers, states = [], []
        own = state.split([2 * net.hidden for net in self.members], dim=1)
        for net, before in zip(self.members, own, strict=True):
            answer, after = net.step(features, before.reshape(2, net.hidden))
            answers.append(answer)
            states.append(after.reshape(1, 2 * net.hidden))
        return _mean(answers), torch.cat(states, dim=1)


def _mean(answers: list[Answer]) -> Answer:
    if len(answers) == 1:
        return answers[0]
    return Answer(*(torch.stack(same).mean(dim=0) for same in zip(*answers, strict=True)))
