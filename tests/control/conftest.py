"""Fixtures of the control room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.control.broker import Broker
from tests.control.fakes import Desk, make_desk
from tests.control.mqtt.linked import Linked, link_to
from tests.control.operator import Operator


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A running dispatcher over a fake box."""
    made = make_desk()
    made.dispatcher.start()
    yield made
    made.dispatcher.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A mosquitto without passwords."""
    made = Broker(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def operator(broker: Broker) -> Iterator[Operator]:
    """A client that sees everything on ``broker``."""
    made = Operator(broker.port)
    yield made
    made.close()


@pytest.fixture
def linked(desk: Desk, broker: Broker) -> Iterator[Linked]:
    """A box on ``broker`` whose face is already moving; the link is started."""
    made = link_to(desk, broker)
    made.link.start()
    yield made
    made.link.stop()
