from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.box.machine import Machine
from tests.box.tree import find_obstacle, make_tree
from tests.devices.fixtures import paced_library

__all__ = ["paced_library"]


@pytest.fixture(scope="session")
def tree() -> Path:
    """This checkout, installed in a small Debian."""
    obstacle = find_obstacle()
    if obstacle is not None:
        pytest.skip(obstacle)
    return make_tree()


@pytest.fixture(scope="module")
def machine(tree: Path, paced_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A box that is up: the tests of a module share it, in their order."""
    with Machine(tree, tmp_path_factory.mktemp("box"), paced_library) as machine:
        yield machine
