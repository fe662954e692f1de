"""Faults on a running daemon that take a few seconds each; how long silences were is for ``make soak`` to say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.soak.health_watch import HealthWatch
from tests.soak.scenarios import BY_NAME
from tests.soak.trial import attempt
from tests.soak.world import World

pytestmark = pytest.mark.slow

# One of a kind, and those that nothing else tests on a running daemon.
_SHORT = (
    "sender-killed",
    "sighup-storm",
    "clock-back",
    "no-descriptors",
    "no-memory",
    "state-damaged",
    "settings-damaged",
    "settings-damaged-start",
    "mqtt-messages",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("box"), converse=False) as made:
        yield made


@pytest.fixture
def watch(world: World) -> Iterator[HealthWatch]:
    made = HealthWatch(world.socket)
    yield made
    made.close()


@pytest.mark.parametrize("name", _SHORT)
def test_the_face_goes_on_the_fault_is_in_health_and_over_when_its_cause_is(
    world: World, watch: HealthWatch, name: str
) -> None:
    outcome = attempt(BY_NAME[name], world, watch, calm_s=0.2, hold_s=0.5)
    assert not outcome.died, world.log
    assert outcome.skipped == ""
    assert outcome.unsaid() == [], world.log
