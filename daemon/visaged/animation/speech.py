"""Speech: the solver's pose laid over the idle face. It fades in and out, never freezes and never jumps."""

from __future__ import annotations

from typing import Final

import numpy as np

from visaged.animation.ease import smoothstep, towards
from visaged.animation.settle import Settle
from visaged.clock import NS_PER_MS
from visaged.curves import COUNT, REGIONS, Pose, make_legal, neutral
from visaged.metrics import Counter

# A pose older than this is a stalled solver: ease out. Shorter gaps are bridged by holding the pose.
STALE_MS: Final = 100.0
# A pose this old is one frame of jitter, not a gap: what follows it follows from it.
_JITTER_MS: Final = 20.0
# Fades shorter than this read as a jump (two frames at 60 fps): what attack_ms = 0 means.
_SHORTEST_FADE_MS: Final = 33.0
# No curve moves faster than full range in 33 ms. The fastest lips close in 50; beyond is a solver gone mad.
MAX_SPEED_PER_S: Final = 30.0
# Speech has these regions to itself while it moves them: what idle does there would keep lips from meeting.
_OWNED: Final = ("jaw", "mouth", "cheeks", "nose", "tongue")
# Whether someone speaks is seen on jaw and mouth, which lie side by side in the pose.
_MOUTH: Final = slice(min(REGIONS["jaw"]), max(REGIONS["mouth"]) + 1)
# The mouth counts as speaking from this opening on, at once, and as silent again when it was closed this long: the
# pauses between words belong to speech.
_SPEAKING_LEVEL: Final = 0.05
_SPEAKING_RISE_MS: Final = 80.0
_SPEAKING_FALL_MS: Final = 600.0
# Ticks further apart than this are a stall of our own: go on from there, do not catch up.
_LONGEST_STEP_MS: Final = 50.0


class SpeechLayer:
    """``hear`` takes what the solver has for this tick, ``apply`` lays it over the pose. The animator's thread."""

    def __init__(self, not_finite: Counter, stalls: Counter) -> None:
        """``not_finite``: poses refused for NaN or infinity; ``stalls``: how often poses stopped coming."""
        self._not_finite = not_finite
        self._stalls = stalls
        self.intensity = 1.0
        self.attack_ms = 0.0
        self.release_ms = 0.0
        self._goal = neutral()
        self._shown = neutral()
        self._keep = np.ones(COUNT, np.float32)
        self._settle = Settle(_SPEAKING_RISE_MS)
        self._owned = neutral()
        for region in _OWNED:
            self._owned[list(REGIONS[region])] = 1.0
        self._scratch = neutral()
        self._fresh = False
        self._broken = True
        self._weight = 0.0
        self._speaking = 0.0
        self._last_ns: int | None = None

    def hear(self, speech: Pose | None, stale_ms: float, gives_way: bool = False) -> None:
        """``speech``: the solver's pose (float32 [61]) for this tick, or None; ``stale_ms``: how old it is.

        ``gives_way``: somebody else speaks with this mouth; the live voice fades out, which is no stall.
        """
        present = speech is not None and stale_ms <= STALE_MS and not gives_way
        if present and speech is not None:
            np.copyto(self._scratch, speech)
            if make_legal(self._scratch):
                np.multiply(self._scratch, np.float32(self.intensity), out=self._goal)
                make_legal(self._goal)
            else:
                self._not_finite.add()
                present = False
        if self._fresh and not present and not gives_way:
            self._stalls.add()
        # The first pose after a gap starts where the mouth is, not where the solver is.
        continuous = present and stale_ms <= _JITTER_MS
        if continuous and self._broken:
            self._settle.absorb()
        self._broken = not continuous
        self._fresh = present

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Lay the speech over ``pose`` (a Layer)."""
        step_ms = 0.0 if self._last_ns is None else (time_ns - self._last_ns) / NS_PER_MS
        step_ms = min(max(step_ms, 0.0), _LONGEST_STEP_MS)
        self._last_ns = time_ns
        if self._fresh:
            if self._weight == 0.0:
                # Nothing of it is visible yet, so it starts right where the solver is.
                self._settle.start_at(self._goal)
                np.copyto(self._shown, self._goal)
            self._weight = towards(self._weight, 1.0, step_ms / max(self.attack_ms, _SHORTEST_FADE_MS))
        else:
            self._weight = towards(self._weight, 0.0, step_ms / max(self.release_ms, _SHORTEST_FADE_MS))
        if self._weight == 0.0:
            self._speaking = 0.0
            return
        self._follow(time_ns, step_ms)
        weight = smoothstep(self._weight)
        if float(self._shown[_MOUTH].max()) > _SPEAKING_LEVEL:
            self._speaking = towards(self._speaking, 1.0, step_ms / _SPEAKING_RISE_MS)
        else:
            self._speaking = towards(self._speaking, 0.0, step_ms / _SPEAKING_FALL_MS)
        np.multiply(self._owned, np.float32(-weight * smoothstep(self._speaking)), out=self._keep)
        np.add(self._keep, np.float32(1.0), out=self._keep)
        np.multiply(pose, self._keep, out=pose)
        np.multiply(self._shown, np.float32(weight), out=self._scratch)
        np.add(pose, self._scratch, out=pose)

    def _follow(self, time_ns: int, step_ms: float) -> None:
        """Move what is shown to the solver's pose: settled after a gap, and never faster than MAX_SPEED_PER_S."""
        wanted = self._scratch
        np.copyto(wanted, self._goal)
        self._settle.apply(wanted, time_ns)
        np.subtract(wanted, self._shown, out=wanted)
        limit = MAX_SPEED_PER_S * step_ms / 1000
        np.minimum(wanted, np.float32(limit), out=wanted)
        np.maximum(wanted, np.float32(-limit), out=wanted)
        np.add(self._shown, wanted, out=self._shown)
