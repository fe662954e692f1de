"""Random commands to a running daemon, some of them wrong, over its local socket: every one must be answered."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon
from visaged.curves import CURVES

_CAPSULES = ("VF_083", "VF_001", "VF_NEUTRAL", "CID_NEUTRAL_LOOP", "VF_999")
_TIMEOUT_S = 30.0


class Commands:
    """``send`` one at a time; counts answers, refusals, and what stayed without an answer."""

    def __init__(self, socket: Path, rng: random.Random) -> None:
        self._socket = socket
        self._rng = rng
        self._client: ControlClient | None = None
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def send(self) -> None:
        """One random command."""
        command, fields = self._choose()
        try:
            if self._client is None:
                self._client = ControlClient(self._socket)
            self._client.call(command, timeout_s=_TIMEOUT_S, **fields)
        except CommandFailed as error:
            self.refused[f"{command}: {error.error.code}"] += 1
        except NoDaemon:
            self.unanswered[command] += 1
            self.close()
        else:
            self.answered[command] += 1

    def _choose(self) -> tuple[str, dict[str, Any]]:
        rng = self._rng
        curve = rng.choice(CURVES)
        choices: list[tuple[str, dict[str, Any]]] = [
            ("ping", {}),
            ("health.get", {}),
            ("capsule.list", {}),
            ("capsule.play", {"cid": rng.choice(_CAPSULES), "weight": rng.random()}),
            ("capsule.stop", {}),
            ("capsule.prefetch", {"cids": [rng.choice(_CAPSULES)]}),
            ("emotion.set", {"valence": rng.uniform(-1, 1), "arousal": rng.uniform(-1, 1)}),
            # Out of range for angles below -1 and shapes below 0: refused, and answered.
            ("face.set", {"curves": {curve: rng.uniform(-0.5, 1)}, "duration_ms": rng.randint(1, 3000)}),
            ("face.release", {}),
            ("gain.set", {"input_db": rng.uniform(-6, 6)}),
            ("mute.set", {"muted": rng.random() < 0.2}),
            ("config.get", {}),
            ("config.set", {"settings": {"face": {"intensity": round(rng.uniform(0.5, 1.2), 2)}}}),
            ("config.set", {"settings": {"face": {"intensity": "much"}}}),
            ("models.list", {}),
            ("snapshot", {"seconds": rng.uniform(0.1, 5)}),
            ("no.such.command", {}),
        ]
        return rng.choice(choices)
