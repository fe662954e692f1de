"""Spoken lines that hold tokens only: decoded when they are cached, by the codec that the settings name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from visaged.capsules.file.capsule import Pcm, Tokens
from visaged.codec.offline import decode
from visaged.config import Settings
from visaged.inference.errors import NoPackageError, SessionError
from visaged.problems import Problems

if TYPE_CHECKING:
    from visaged.codec.mimi import MimiDecoder

log = logging.getLogger(__name__)

PROBLEM: Final = "capsule_codec"


class LineDecoder:
    """A ``capsules.loader.TokenDecoder``. The model is opened at the first such line, not at boot: loader's thread."""

    def __init__(self, settings: Callable[[], Settings], roots: Sequence[Path], problems: Problems) -> None:
        self._settings = settings
        self._roots = tuple(roots)
        self._problems = problems
        self._opened: tuple[str, int, MimiDecoder] | None = None

    def __call__(self, tokens: Tokens) -> Pcm | None:
        """uint16 [N, codebooks] -> int16 [N x 1920], 24 kHz; None, and a problem, when no codec can say them."""
        try:
            pcm = self._say(tokens)
        except (NoPackageError, SessionError, ValueError) as error:
            remedy = "Lines that hold tokens only move the face and are not heard; see visaged models list"
            self._problems.open(PROBLEM, str(error), remedy)
            return None
        self._problems.clear(PROBLEM)
        return pcm

    def _say(self, tokens: Tokens) -> Pcm:
        decoder = self._decoder(tokens.shape[1])
        return np.round(decode(decoder, tokens) * 32767).astype(np.int16)

    def _decoder(self, codebooks: int) -> MimiDecoder:
        # The codec's parts are not on the boot path.
        from visaged.codec.models import open_decoder  # noqa: PLC0415

        settings = self._settings()
        name = settings.codec.model
        if self._opened is None or self._opened[:2] != (name, codebooks):
            codec = settings.codec.model_copy(update={"codebooks": codebooks})
            opened = open_decoder(settings.model_copy(update={"codec": codec}), self._roots)
            log.info("lines are spoken by %s %s", opened.package.manifest.name, opened.package.manifest.version)
            self._opened = (name, codebooks, opened)
        return self._opened[2]
