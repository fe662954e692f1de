"""Fixtures of the control room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.control.fakes import Desk, make_desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A running dispatcher over a fake box."""
    made = make_desk()
    made.dispatcher.start()
    yield made
    made.dispatcher.stop()
