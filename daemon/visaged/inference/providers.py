"""Execution providers by name: what the settings say, and what this build of ONNX Runtime could do at best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"
TENSORRT: Final = "TensorrtExecutionProvider"
AUTO: Final = "auto"

_FULL_NAMES: Final = {"cpu": CPU, "cuda": CUDA, "tensorrt": TENSORRT}

# TensorRT builds its engine for minutes on first use, which must not happen at boot: "auto" leaves it out.
_AUTO_ORDER: Final = (CUDA, CPU)


class ProviderError(Exception):
    """A provider that this installation does not have; names it and what there is."""


def resolve(wanted: Sequence[str], available: Sequence[str]) -> list[str]:
    """Full provider names in order of preference for ``inference.providers``.

    ``wanted``: ``["auto"]``, or cpu, cuda, tensorrt and ONNX Runtime's own names. ``available``: what the build offers,
    which does not yet mean that it works here. Raises ProviderError.
    """
    if list(wanted) == [AUTO]:
        return [name for name in _AUTO_ORDER if name in available]
    chosen = [_FULL_NAMES.get(name.lower(), name) for name in wanted]
    for asked, name in zip(wanted, chosen, strict=True):
        if name not in available:
            short = [key for key, full in _FULL_NAMES.items() if full in available]
            raise ProviderError(
                f"inference.providers: this ONNX Runtime has no '{asked}'; accepted: auto alone, or {', '.join(short)}"
            )
    if not chosen:
        raise ProviderError('inference.providers is empty; write ["auto"]')
    return chosen


def wants_tensorrt(wanted: Sequence[str]) -> bool:
    """Whether ``inference.providers`` names TensorRT."""
    return any(_FULL_NAMES.get(name.lower(), name) == TENSORRT for name in wanted)
