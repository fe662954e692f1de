from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The narrow network is too small to share: threads that wait for each other take ten times as long."""
    torch = pytest.importorskip("torch", reason="torch is a build-time dependency: ./setup.sh peers")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
