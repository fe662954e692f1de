"""The voice of espeak-ng: no model, milliseconds a sentence, a hundred languages. A program of its own (GPL)."""

from __future__ import annotations

import io
import shutil
import subprocess
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from visaged.speech.errors import SpeechError

RATE_HZ: Final = 24_000
PROGRAM: Final = "espeak-ng"
_WITHIN_S: Final = 20.0
_MOST_CHARS: Final = 2000


def say(text: str, voice: str = "") -> NDArray[np.int16]:
    """``text`` as int16 [n], 24 kHz. Raises SpeechError.

    ``voice``: en-gb, de, en+f3; empty, or one that it does not know: English.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise SpeechError("espeak-ng is not installed: apt install espeak-ng")
    # By standard input, as a text may begin with a dash.
    command = [program, "--stdout", "--stdin", "-b", "1", "-v", voice or "en"]
    words = text[:_MOST_CHARS].encode(errors="replace")
    try:
        done = subprocess.run(
            command,
            input=words,
            capture_output=True,
            timeout=_WITHIN_S,
            check=True,
        )
        sound, rate_hz = soundfile.read(io.BytesIO(_with_length(done.stdout)), dtype="int16")
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise SpeechError(f"espeak-ng: {said[-1] if said else error.returncode}") from None
    except (subprocess.TimeoutExpired, OSError, soundfile.LibsndfileError) as error:
        raise SpeechError(f"espeak-ng: {error}") from None
    return np.asarray(soxr.resample(sound, rate_hz, RATE_HZ), np.int16)


def _with_length(wav: bytes) -> bytes:
    """It writes a header before it knows the length: put the right one in."""
    at = wav.find(b"data")
    if at < 0:
        return wav
    size = len(wav) - at - 8
    return wav[:4] + (len(wav) - 8).to_bytes(4, "little") + wav[8 : at + 4] + size.to_bytes(4, "little") + wav[at + 8 :]
