"""Sound cards that come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.devices.card import SoundCard
from tests.soak.scenarios.scenario import Scenario

_PULL: Callable[[SoundCard], None] = SoundCard.pull_out
_WEDGE: Callable[[SoundCard], None] = SoundCard.wedge


@contextmanager
def _without(card: SoundCard, trouble: Callable[[SoundCard], None]) -> Iterator[None]:
    trouble(card)
    yield
    card.put_back()


SCENARIOS = (
    Scenario(
        "microphone-gone",
        "the microphone is pulled out",
        "goes on, on idle",
        "audio_input_lost",
        "it is taken back when it is plugged in",
        lambda world: _without(world.mic, _PULL),
    ),
    Scenario(
        "microphone-wedged",
        "the microphone is there and delivers nothing",
        "goes on, on idle",
        "audio_input_lost",
        "it is opened again and again",
        lambda world: _without(world.mic, _WEDGE),
    ),
    Scenario(
        "speaker-gone",
        "the speaker is pulled out",
        "goes on, silently",
        "audio_output_lost",
        "it is taken back when it is plugged in",
        lambda world: _without(world.speaker, _PULL),
    ),
)
