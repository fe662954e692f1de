from __future__ import annotations

import pytest

from visaged.inference.providers import CPU, ProviderError, resolve

CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"


def test_auto_takes_cuda_before_the_cpu_and_never_tensorrt() -> None:
    assert resolve(["auto"], [TENSORRT, CUDA, CPU]) == [CUDA, CPU]
    assert resolve(["auto"], [CPU]) == [CPU]


def test_names_are_short_or_full_and_keep_their_order() -> None:
    assert resolve(["tensorrt", "CUDA", CPU], [TENSORRT, CUDA, CPU]) == [TENSORRT, CUDA, CPU]


@pytest.mark.parametrize("wanted", [["cuda"], ["auto", "cpu"], ["gpu"], []])
def test_what_is_not_there_is_named(wanted: list[str]) -> None:
    with pytest.raises(ProviderError, match=r"inference\.providers"):
        resolve(wanted, [CPU])
