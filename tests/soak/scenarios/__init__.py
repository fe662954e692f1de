"""Every fault of the fault table in docs/operations.md, in its order."""

from __future__ import annotations

from tests.soak.scenarios import (
    clock,
    damage,
    disks,
    limits,
    local_socket,
    mqtt_messages,
    network,
    processes,
    sound_cards,
)

SCENARIOS = (
    *processes.SCENARIOS,
    *sound_cards.SCENARIOS,
    *network.SCENARIOS,
    *local_socket.SCENARIOS,
    *mqtt_messages.SCENARIOS,
    *disks.SCENARIOS,
    *damage.SCENARIOS,
    *limits.SCENARIOS,
    *clock.SCENARIOS,
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
