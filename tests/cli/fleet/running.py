"""Four fake boxes in two groups on a real broker, and ``visaged fleet`` beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.control.broker import Broker
from tests.control.fakes import make_desk
from tests.control.mqtt.linked import Linked, link_to
from tests.control.operator import Operator
from visaged.cli.main import main
from visaged.control.protocol.commands.config import ConfigSet


@dataclass
class Fleet:
    boxes: dict[str, Linked]
    broker: Broker

    def run(self, *words: str) -> int:
        return main(["fleet", "--broker", f"127.0.0.1:{self.broker.port}", *words])

    def settings_sent(self, device_id: str) -> list[dict[str, Any]]:
        asked = self.boxes[device_id].desk.box.asked
        return [request.settings for request in asked if isinstance(request, ConfigSet)]


@contextmanager
def running_fleet(broker: Broker, operator: Operator) -> Iterator[Fleet]:
    """All of them online and heard of by ``operator``."""
    boxes = {}
    for number in range(1, 5):
        device_id = f"box-{number:02}"
        desk = make_desk(device_id)
        desk.dispatcher.start()
        boxes[device_id] = link_to(desk, broker, device_id, "lobby" if number <= 2 else "bar")
        desk.events.listen(boxes[device_id].link.tell)
        boxes[device_id].link.start()
    for device_id in boxes:
        operator.wait_for(f"visaged/{device_id}/health")
    yield Fleet(boxes, broker)
    for box in boxes.values():
        box.link.stop()
        box.desk.dispatcher.stop()
