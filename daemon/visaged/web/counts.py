"""What the API counts about itself, for health and /metrics. One thread: the event loop's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """Only grows."""

    requests: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By call (its path as in the OpenAPI document) and status; of what is no call: ``-``."""
    refused: Counter[str] = field(default_factory=Counter)
    """By code of the error."""
    solved: int = 0
    """Sounds that a worker solved."""
    solved_sound_s: float = 0.0
    solving_s: float = 0.0
