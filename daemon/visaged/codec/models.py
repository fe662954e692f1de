"""The codec's two models, opened as the settings ask; ONNX Runtime is imported when one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visaged.codec.frame_codec import FrameDecoder, FrameEncoder
from visaged.config import Settings

if TYPE_CHECKING:
    from visaged.codec.mimi import MimiDecoder, MimiEncoder
    from visaged.codec.opening import CodecModel

Models = tuple[FrameEncoder[Any], FrameDecoder[Any]]
OpenModels = Callable[[Settings, Sequence[Path]], Models]


def open_models(settings: Settings, roots: Sequence[Path]) -> Models:
    """Both directions. Raises NoPackageError, which names what was refused."""
    return open_encoder(settings, roots), open_decoder(settings, roots)


def open_encoder(settings: Settings, roots: Sequence[Path]) -> MimiEncoder:
    """Voice to codes. Raises NoPackageError."""
    from visaged.codec import opening  # noqa: PLC0415

    return opening.open_encoder(_codec_model(settings), roots)[0]


def open_decoder(settings: Settings, roots: Sequence[Path]) -> MimiDecoder:
    """Codes to voice. Raises NoPackageError."""
    from visaged.codec import opening  # noqa: PLC0415

    return opening.open_decoder(_codec_model(settings), roots)[0]


def _codec_model(settings: Settings) -> CodecModel:
    from visaged.codec.opening import CodecModel  # noqa: PLC0415

    codec, inference = settings.codec, settings.inference
    return CodecModel(codec.model, codec.codebooks, inference.precision, tuple(inference.providers))
