"""The wall clock that steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import World

_STEP_S = 10_000.0


@contextmanager
def _stepped(world: World, seconds: float) -> Iterator[None]:
    world.step_clock(seconds)
    yield
    world.step_clock(0)


SCENARIOS = (
    Scenario(
        "clock-forward",
        "the wall clock is set forward by hours",
        "goes on; scene time follows",
        None,
        "nothing is wrong",
        lambda world: _stepped(world, _STEP_S),
    ),
    Scenario(
        "clock-back",
        "the wall clock is set back by hours",
        "goes on; scene time never goes back",
        None,
        "nothing is wrong",
        lambda world: _stepped(world, -_STEP_S),
    ),
)
