"""The network: a receiver that is gone, names that do not resolve, a broker that is gone or silent."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.soak.name_server import Mood
from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import World

# The second target is looked up anew only when it does not get its packets.
_NAMED = frozenset({"names"})


@contextmanager
def _gone_receiver(world: World) -> Iterator[None]:
    world.close_second()
    yield
    world.open_second()


@contextmanager
def _names(world: World, mood: Mood) -> Iterator[None]:
    world.names.mood = mood
    world.close_second()
    yield
    world.names.mood = "answers"
    world.open_second()


@contextmanager
def _gone_broker(world: World) -> Iterator[None]:
    world.broker.stop()
    yield
    world.broker.start()


@contextmanager
def _silent_broker(world: World) -> Iterator[None]:
    """As when somebody pulls the cable of the broker's machine."""
    assert world.broker.process is not None
    world.broker.process.send_signal(signal.SIGSTOP)
    yield
    world.broker.process.send_signal(signal.SIGCONT)


@contextmanager
def _gone_brain(world: World) -> Iterator[None]:
    world.brain.stop()
    yield
    world.brain.start()


SCENARIOS = (
    Scenario(
        "target-gone",
        "nobody listens at one of two targets",
        "goes on at the other",
        "livelink_target_1",
        "ten seconds after somebody listens again",
        _gone_receiver,
    ),
    Scenario(
        "names-fail",
        "the name server says SERVFAIL, and the PC behind a target's name is gone",
        "goes on at the other target",
        "livelink_target_1_name",
        "it is asked again after 1, 2, 4 … 30 s",
        lambda world: _names(world, "fails"),
        needs=_NAMED,
        long_run=False,
    ),
    Scenario(
        "names-silent",
        "the same, and the name server does not answer: every look-up hangs",
        "goes on at the other target",
        "livelink_target_1_name",
        "as above",
        lambda world: _names(world, "silent"),
        needs=_NAMED,
        long_run=False,
    ),
    Scenario(
        "broker-gone",
        "the broker ends",
        "goes on; events wait in a bounded queue",
        "mqtt_unreachable",
        "it is tried again, with growing pauses",
        _gone_broker,
    ),
    Scenario(
        "broker-silent",
        "the broker hangs, or its cable is pulled",
        "goes on",
        "mqtt_unreachable",
        "noticed after `mqtt.keepalive_s`; then as above",
        _silent_broker,
        long_run=False,
    ),
    Scenario(
        "brain-gone",
        "the brain is cut off in the middle of a word",
        "falls silent and listens; goes on",
        None,
        "when the brain speaks again; `codec_peer_stopped` when it ended within a word",
        _gone_brain,
        needs=frozenset({"conversation"}),
        hold_s=5.0,
    ),
)
