"""Recorded speech with a known text -> phones with times, by forced alignment with CMU pocketsphinx.

The English model of the ``pocketsphinx`` package hears any language here: words that its dictionary lacks, and every
word of another language, get a pronunciation from espeak-ng's IPA, brought to the nearest ARPAbet phones.
"""

from __future__ import annotations

import re
import subprocess
from functools import lru_cache
from typing import Final

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from models.lipsync.phones import SILENCE, Phone, from_arpabet, from_ipa, merge

ALIGN_RATE_HZ: Final = 16_000

# pocketsphinx counts in frames of 10 ms.
_FRAME_S: Final = 0.01

# Sounds that the English model lacks, as the English phones that are made most like them at the lips.
_ENGLISH: Final = {
    "A": "AA", "E": "EY", "O": "OW", "UE": "UW", "OE": "ER", "IX": "IH", "AX": "AH", "X": "HH", "RR": "R", "NY": "N Y",
    "LY": "L Y", "TS": "T S", "BV": "V",
}  # fmt: skip


class Aligner:
    """Holds one decoder. Not safe to share between threads."""

    def __init__(self) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, bestpath=False, loglevel="FATAL")

    def align(self, sound: NDArray[np.int16], text: str, language: str) -> list[Phone] | None:
        """Phones of ``sound`` (int16 mono, 16 kHz) in which ``text`` is spoken; None where the two do not fit."""
        words = re.findall(r"[\w']+", text.lower().replace("-", " "))
        for word in words:
            if language != "en" or self._decoder.lookup_word(word) is None:
                said = _pronounce(word, language)
                if not said:
                    return None
                if self._decoder.lookup_word(f"{word}_{language}") is None:
                    self._decoder.add_word(f"{word}_{language}", said, True)
        names = [w if language == "en" and self._decoder.lookup_word(w) else f"{w}_{language}" for w in words]
        try:
            self._decoder.set_align_text(" ".join(names))
            self._run(sound)
            # Asked after the second pass, hyp() ends the process (pocketsphinx 5), so only here.
            if self._decoder.hyp() is None:
                return None
            self._decoder.set_alignment()
            self._run(sound)
            alignment = self._decoder.get_alignment()
        except RuntimeError:
            return None
        phones = [
            Phone(_symbol(p.name), p.start * _FRAME_S, (p.start + p.duration) * _FRAME_S)
            for word in alignment
            for p in word
        ]
        return merge(phones) or None

    def _run(self, sound: NDArray[np.int16]) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(sound.tobytes(), no_search=False, full_utt=True)
        self._decoder.end_utt()


def _symbol(name: str) -> str:
    try:
        return from_arpabet(name)
    except ValueError:
        return SILENCE


@lru_cache(maxsize=20_000)
def _pronounce(word: str, language: str) -> str:
    """``word`` as ARPAbet phones with spaces between, by espeak-ng; empty where nothing is left."""
    voice = "en-us" if language == "en" else language
    said = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "--sep= ", "-v", voice, word], capture_output=True, text=True, check=True
    )
    symbols = [s for part in said.stdout.split() for s in from_ipa(part)]
    return " ".join(_ENGLISH.get(s, s) for s in symbols if s != "Q")
