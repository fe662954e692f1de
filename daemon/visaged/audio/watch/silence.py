"""Absolute silence: what a muted, unplugged or replaced microphone delivers, and no room ever does."""

from __future__ import annotations

from typing import Final

from visaged.audio.errors import OpenAnew
from visaged.audio.pcm import Frames
from visaged.problems import Problems

PROBLEM: Final = "audio_input_silent"

# Some headsets gate what is quiet; nobody leaves a kiosk's guest unheard for longer than this without being told.
_FIRST_S: Final = 10.0
# Opening anew helps where a sound server goes on with nothing. It may cost the first syllable, so ever less often.
_LAST_S: Final = 60.0


class SilenceWatch:
    """Looks at every block of one capture stage, on its thread; what it says depends on the count of samples only."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._name = ""
        self._rate_hz = 1
        self._frames = 0
        self._limit_s = _FIRST_S

    def begin(self, name: str, rate_hz: int) -> None:
        """The device ``name`` was opened, perhaps anew."""
        self._name, self._rate_hz, self._frames = name, rate_hz, 0

    def hears(self, frames: Frames) -> bool:
        """Whether anything moves in ``frames`` as they came from the device.

        Raises OpenAnew after 10 s in which nothing did, later after 20 s and so on up to a minute.
        """
        if not (frames == frames[:1]).all():
            self._frames, self._limit_s = 0, _FIRST_S
            self._problems.clear(PROBLEM)
            return True
        self._frames += len(frames)
        if self._frames < self._limit_s * self._rate_hz:
            return False
        self._problems.open(
            PROBLEM,
            f"'{self._name}' has delivered nothing but absolute silence for {_FIRST_S:.0f} s",
            "Plug the microphone in, switch its mute off ('alsamixer' shows the card's own). "
            "A line that may be silent wants audio.input.may_be_silent = true.",
        )
        self._limit_s = min(self._limit_s * 2, _LAST_S)
        raise OpenAnew(f"'{self._name}' is silent")

    def forget(self) -> None:
        """Nobody listens to it any longer."""
        self._limit_s = _FIRST_S
        self._problems.clear(PROBLEM)
