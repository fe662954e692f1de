"""From settings to an open codec: the packages of a name, in the form that suits where they are to run.

``visaged models import mimi`` makes NAME-encoder and NAME-decoder for CPUs, and with ``--gpu`` NAME-gpu-encoder and
NAME-gpu-decoder, whose past stays in the GPU's memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from visaged.codec.mimi import MimiDecoder, MimiEncoder
from visaged.inference.errors import NoPackageError
from visaged.inference.find import Refusal, open_first
from visaged.inference.manifest import Kind
from visaged.inference.package import Package
from visaged.inference.providers import AUTO, CPU, ProviderError, resolve
from visaged.inference.session import available

Opened = TypeVar("Opened")


@dataclass(frozen=True)
class CodecModel:
    """What the settings say: codec.model, codec.codebooks, inference.precision, inference.providers."""

    model: str = "mimi"
    codebooks: int = 8
    precision: str = AUTO
    providers: tuple[str, ...] = (AUTO,)


def open_encoder(model: CodecModel, roots: Sequence[Path]) -> tuple[MimiEncoder, list[Refusal]]:
    """The encoder of the first usable package under ``roots``, and what had to be refused. Raises NoPackageError."""
    return _open("mimi-encoder", model, roots, lambda package: MimiEncoder(package, *_how(model)))


def open_decoder(model: CodecModel, roots: Sequence[Path]) -> tuple[MimiDecoder, list[Refusal]]:
    """The decoder of the first usable package under ``roots``, and what had to be refused. Raises NoPackageError."""
    return _open("mimi-decoder", model, roots, lambda package: MimiDecoder(package, *_how(model)))


def _how(model: CodecModel) -> tuple[int, str, tuple[str, ...]]:
    return model.codebooks, model.precision, model.providers


def _open(
    kind: Kind, model: CodecModel, roots: Sequence[Path], opener: Callable[[Package], Opened]
) -> tuple[Opened, list[Refusal]]:
    direction = kind.removeprefix("mimi-")
    forms = [f"{model.model}-gpu-{direction}", f"{model.model}-{direction}"]
    if not _wants_gpu(model.providers):
        forms.pop(0)
    for name in forms[:-1]:
        try:
            return open_first(kind, roots, opener, name)
        except NoPackageError:
            # The CPU's form runs on a GPU as well, only not as fast; the session says where it really runs.
            continue
    try:
        return open_first(kind, roots, opener, forms[-1])
    except NoPackageError as error:
        raise NoPackageError(f"{error}, or make one of Mimi's weights: 'visaged models import mimi FILE'") from None


def _wants_gpu(providers: Sequence[str]) -> bool:
    """Whether a GPU comes first. What this ONNX Runtime has not is refused when the session is made."""
    try:
        return resolve(providers, available())[0] != CPU
    except ProviderError:
        return False
