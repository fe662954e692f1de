"""The device memory and cache tests once more where CUDA must be there: here a missing device fails, not skips."""

from __future__ import annotations

from tests.capsules.test_cache import *  # noqa: F403
from tests.inference.slabs import cuda_missing
from tests.inference.test_memory import *  # noqa: F403


def test_cuda_is_there() -> None:
    assert cuda_missing() == ""
