"""Model packages of a Mimi for tests, as fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from visaged.inference.package import Package


@pytest.fixture(scope="session")
def mimi_packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Package, Package]:
    """A narrow Mimi of random weights, encoder and decoder, 8 codebooks, in one folder of packages."""
    pytest.importorskip("torch", reason="making packages takes torch: ./setup.sh peers")
    from models.mimi.random_packages import write  # noqa: PLC0415

    return write(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def mimi_root(mimi_packages: tuple[Package, Package]) -> Path:
    """The folder that they lie in."""
    return mimi_packages[0].folder.parent
