"""The codec's two models, opened as the settings ask; ONNX Runtime is imported when one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from visaged.codec.frame_codec import FrameDecoder, FrameEncoder
from visaged.config import Settings

Models = tuple[FrameEncoder[Any], FrameDecoder[Any]]
OpenModels = Callable[[Settings, Sequence[Path]], Models]


def open_models(settings: Settings, roots: Sequence[Path]) -> Models:
    """Both directions. Raises NoPackageError, which names what was refused."""
    return open_encoder(settings, roots), open_decoder(settings, roots)


def open_encoder(settings: Settings, roots: Sequence[Path]) -> FrameEncoder[Any]:
    """Voice to codes. Raises NoPackageError."""
    mimi: Any = import_module("visaged.codec.mimi")
    from visaged.inference.find import open_first  # noqa: PLC0415

    codec, inference = settings.codec, settings.inference
    opened: tuple[FrameEncoder[Any], list[Any]] = open_first(
        "mimi-encoder",
        roots,
        lambda package: mimi.MimiEncoder(package, codec.codebooks, inference.precision, inference.providers),
        codec.model,
    )
    return opened[0]


def open_decoder(settings: Settings, roots: Sequence[Path]) -> FrameDecoder[Any]:
    """Codes to voice. Raises NoPackageError."""
    mimi: Any = import_module("visaged.codec.mimi")
    from visaged.inference.find import open_first  # noqa: PLC0415

    codec, inference = settings.codec, settings.inference
    opened: tuple[FrameDecoder[Any], list[Any]] = open_first(
        "mimi-decoder",
        roots,
        lambda package: mimi.MimiDecoder(package, codec.codebooks, inference.precision, inference.providers),
        codec.model,
    )
    return opened[0]
