"""The broker and the boxes of the control room, seen from the operator's side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.fleet.running import Fleet, running_fleet
from tests.control.broker import Broker
from tests.control.conftest import broker, desk, linked, operator
from tests.control.operator import Operator

__all__ = ["broker", "desk", "fleet", "linked", "operator"]


@pytest.fixture
def fleet(broker: Broker, operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """Four boxes, and the command that asks them."""
    monkeypatch.setenv("COLUMNS", "200")
    with running_fleet(broker, operator) as made:
        yield made
