"""Who codes voice, each by its own streaming interface: a frame of sound to codes, codes to a frame of sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from visaged.codec.frame_codec import FRAME

CODEBOOKS: Final = 8

Frame = NDArray[np.float32]


class Contestant(Protocol):
    """One codec, opened, in the middle of a stream in each direction."""

    def encode(self, frame: Frame) -> Any:
        """``frame`` float32 [1920] -> codes, in its own form."""
        ...

    def decode(self, codes: Any) -> Any:
        """Its own codes -> sound."""
        ...


class Ours:
    """The run time of this house."""

    def __init__(self, folder: Path, precision: str) -> None:
        from visaged.codec.mimi import MimiDecoder, MimiEncoder  # noqa: PLC0415
        from visaged.inference.package import load_package  # noqa: PLC0415

        self._encoder = MimiEncoder(load_package(folder / "mimi-encoder"), 0, precision, ["cpu"])
        self._decoder = MimiDecoder(load_package(folder / "mimi-decoder"), 0, precision, ["cpu"])
        self._heard, self._said = self._encoder.initial_state(), self._decoder.initial_state()
        self._codes, self._pcm = np.zeros(CODEBOOKS, np.uint16), np.zeros(FRAME, np.float32)

    def encode(self, frame: Frame) -> NDArray[np.uint16]:
        self._heard = self._encoder.step(frame, self._heard, self._codes)
        return self._codes

    def decode(self, codes: NDArray[np.uint16]) -> Frame:
        self._said = self._decoder.step(codes, self._said, self._pcm)
        return self._pcm


class Moshi:
    """Kyutai's PyTorch."""

    def __init__(self, cache: Path) -> None:
        import torch  # noqa: PLC0415
        from moshi.models.loaders import get_mimi  # noqa: PLC0415

        torch.set_num_threads(1)
        torch.set_grad_enabled(False)
        self._torch = torch
        self._model = get_mimi(cache / "native.safetensors", device="cpu", num_codebooks=CODEBOOKS)
        self._model.streaming_forever(1)

    def encode(self, frame: Frame) -> Any:
        return self._model.encode(self._torch.from_numpy(frame)[None, None])

    def decode(self, codes: Any) -> Any:
        return self._model.decode(codes)


class Transformers:
    """Hugging Face's PyTorch. Its decoder keeps no state of its convolutions: it is timed, its sound is not exact."""

    def __init__(self, cache: Path) -> None:
        import torch  # noqa: PLC0415
        from transformers import MimiConfig, MimiModel  # noqa: PLC0415

        torch.set_num_threads(1)
        torch.set_grad_enabled(False)
        self._torch = torch
        folder = cache / "hf"
        MimiConfig(use_cache=True).save_pretrained(folder)
        self._model = MimiModel.from_pretrained(folder).eval()
        self._keys: Any = None
        self._padding: Any = None
        self._said: Any = None

    def encode(self, frame: Frame) -> Any:
        done = self._model.encode(
            self._torch.from_numpy(frame)[None, None],
            num_quantizers=CODEBOOKS,
            encoder_cache=self._keys,
            padding_cache=self._padding,
            use_streaming=True,
        )
        self._keys, self._padding = done.encoder_cache, done.padding_cache
        return done.audio_codes

    def decode(self, codes: Any) -> Any:
        done = self._model.decode(codes, decoder_cache=self._said, use_cache=True)
        self._said = done.decoder_cache
        return done.audio_values


class Rustymimi:
    """Kyutai's Rust."""

    def __init__(self, cache: Path) -> None:
        import rustymimi  # noqa: PLC0415

        self._model = rustymimi.Tokenizer(str(cache / "native.safetensors"), num_codebooks=CODEBOOKS)

    def encode(self, frame: Frame) -> Any:
        return self._model.encode_step(frame[None, None])

    def decode(self, codes: Any) -> Any:
        return self._model.decode_step(codes)


OPEN: Final[dict[str, Callable[[Path], Contestant]]] = {
    "ours, int8 transformer": lambda cache: Ours(cache / "transformer", "int8"),
    "ours, int8 all": lambda cache: Ours(cache / "all", "int8"),
    "ours, fp32": lambda cache: Ours(cache / "transformer", "fp32"),
    "moshi": Moshi,
    "transformers": Transformers,
    "rustymimi": Rustymimi,
}
"""Name -> opener, given the folder that codec.py fills."""
