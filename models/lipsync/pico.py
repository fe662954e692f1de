"""Six women's voices of SVOX Pico, the synthesiser of early Android: ``DIR/pico`` as of recorded people.

Engine and voices are Apache-2.0 (copyright SVOX AG) and come together in the PyPI package ``ttspico``, which is
compiled when it is installed: ``pip install ttspico==0.3.2``. It is a hundred times as fast as speech.
"""

from __future__ import annotations

import argparse
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync import cache as cache_folder
from models.lipsync import spoken
from models.lipsync.spoken import Line, lines, read_by_kathleen, speak

RATE_HZ: Final = 16_000

_VOICES: Final = {
    "en": "en-US",
    "en-gb": "en-GB",
    "de": "de-DE",
    "es": "es-ES",
    "fr": "fr-FR",
    "it": "it-IT",
}
"""espeak-ng's name of a language, Pico's."""
_SHARES: Final = {"en": 0.34, "en-gb": 0.34, "de": 0.08, "es": 0.08, "fr": 0.08, "it": 0.08}
_READ_SHARE: Final = 0.5
# Of English lines, and of the engine's usual rate and pitch.
_RATES: Final = (80, 130)
_PITCHES: Final = (70, 140)


def say(line: Line, chance: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """``line`` at a rate and pitch of chance; float32 at ``RATE_HZ``. Raises ImportError without ``ttspico``."""
    engine = _engine(_VOICES[line.language])
    engine.rate = int(chance.integers(*_RATES))
    engine.pitch = int(chance.integers(*_PITCHES))
    pieces: list[bytes] = []

    def keep(_format: object, audio: bytes, _last: bool) -> bool:
        pieces.append(bytes(audio))
        return True

    engine.speak(line.sentence, keep)
    return np.frombuffer(b"".join(pieces), "<i2").astype(np.float32) / np.float32(32768), RATE_HZ


@cache
def _engine(language: str) -> Any:
    import ttspico  # noqa: PLC0415 (compiled at installation; only this command needs it)

    return ttspico.TtsEngine(language)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    spoken.add_arguments(parser, 1500)


def main(arguments: argparse.Namespace) -> int:
    """Speak what is missing; returns an exit status. May be stopped and begun again."""
    cache_folder.log_to_terminal()
    try:
        import ttspico  # noqa: F401, PLC0415
    except ImportError as error:
        print(f"Pico is not installed ({error}): pip install ttspico==0.3.2 (needs a C compiler)")
        return 1
    read = read_by_kathleen(arguments.target)
    said = lines(arguments.count, arguments.seed, _SHARES, read, _READ_SHARE)
    speak(arguments.target / "pico", said, say, arguments.seed, arguments.workers)
    return 0
