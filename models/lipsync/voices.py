"""Who speaks in the corpus: every voice, where it comes from, its licence, and which part it plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from models.lipsync.text import HELD_OUT_LANGUAGES, LANGUAGES

TRAIN: Final = "train"
VALIDATE: Final = "validate"

RESERVED: Final = ("flite slt", "festival cmu_us_slt_arctic_hts", "festival ked_diphone")
"""Acceptance only: never made into corpus, never tuned on."""


@dataclass(frozen=True)
class Voice:
    """One voice: ``engine`` makes or holds the sound, ``name`` and ``options`` are the engine's own words for it."""

    engine: str
    name: str
    language: str
    role: str
    utterances: int
    licence: str
    options: tuple[int, int] = (50, 175)
    """espeak-ng only: pitch (0..99) and speed (words a minute)."""

    @property
    def key(self) -> str:
        """A file-name-safe identity."""
        return f"{self.engine}-{self.name}-{self.language}".replace("+", "-")


_CMU: Final = "CMU / Carnegie Mellon permissive (BSD-like)"
_ESPEAK: Final = "output of a synthesiser, unencumbered"
_CC0: Final = "CC0-1.0"
_CC_BY: Final = "CC-BY-4.0"
_APACHE: Final = "Apache-2.0"
_PUBLIC: Final = "public domain"

FLITE: Final = (
    Voice("flite", "awb", "en", TRAIN, 560, _CMU),
    Voice("flite", "rms", "en", TRAIN, 560, _CMU),
    Voice("flite", "kal16", "en", TRAIN, 420, _CMU),
)

FESTIVAL: Final = (Voice("festival", "kal_diphone", "en", TRAIN, 160, "Edinburgh / CMU permissive"),)

# Variant, pitch, speed: spread over men, women, children, the two Klatt sources and rates from slow to fast.
_ENGLISH_ESPEAK: Final = (
    ("en-us", 45, 165), ("en-us+f2", 60, 175), ("en-us+m3", 35, 150), ("en-us+klatt2", 45, 180), ("en+f4", 55, 160),
    ("en+m7", 40, 190), ("en-us+Annie", 60, 170), ("en-us+steph", 50, 200), ("en-gb-scotland+m1", 45, 170),
    ("en-us+klatt4", 60, 150), ("en-us+croak", 30, 165), ("en-gb-x-rp+f1", 50, 180), ("en-us+Mario", 40, 220),
    ("en-us+whisper", 40, 160),
)  # fmt: skip
_VARIANTS: Final = ("", "+f2", "+m3", "+f5", "+m5", "+klatt3", "+f3", "+m2")

ESPEAK: Final = (
    *(Voice("espeak", name, "en", TRAIN, 42, _ESPEAK, (pitch, speed)) for name, pitch, speed in _ENGLISH_ESPEAK),
    Voice("espeak", "en-us+f5", "en", VALIDATE, 40, _ESPEAK, (65, 170)),
    *(
        Voice(
            "espeak", language + _VARIANTS[(i + 3 * j) % 8], language, role, 24, _ESPEAK,
            (38 + 7 * ((i + j) % 5), 145 + 9 * (i % 6)),
        )
        for i, language in enumerate(LANGUAGES)
        for role in (VALIDATE if language in HELD_OUT_LANGUAGES else TRAIN,)
        for j in range(1 if role == VALIDATE else 3)
    ),
)  # fmt: skip

RECORDED: Final = (
    Voice("recorded", "kathleen", "en", TRAIN, 1620, _CC0),
    Voice("recorded", "kerstin", "de", TRAIN, 1374, _CC0),
    Voice("recorded", "precise", "en", TRAIN, 868, _PUBLIC),
    Voice("recorded", "lj", "en", VALIDATE, 141, _PUBLIC),
    Voice("recorded", "commands", "en", TRAIN, 4482, _CC_BY),
    Voice("recorded", "nathalie", "nl", TRAIN, 1130, _CC0),
    Voice("recorded", "orders", "en", TRAIN, 619, _APACHE),
    Voice("recorded", "wake", "en", TRAIN, 2293, _APACHE),
    Voice("recorded", "kokoro", "en", TRAIN, 3000, _APACHE),
    Voice("recorded", "pico", "en", TRAIN, 3000, _APACHE),
    Voice("recorded", "rhvoice", "en", TRAIN, 3000, _ESPEAK),
    Voice("recorded", "librispeech", "en", TRAIN, 1400, _CC_BY),
    Voice("recorded", "librispeech-dev", "en", VALIDATE, 130, _CC_BY),
    Voice("recorded", "commonvoice", "en", TRAIN, 1600, _CC0),
    Voice("recorded", "commonvoice1", "en", TRAIN, 4076, _CC0),
    Voice("recorded", "omnilingo", "en", TRAIN, 900, _CC0),
    Voice("recorded", "commonvoice-dev", "en", VALIDATE, 400, _CC0),
)
"""People, and what kokoro.py, pico.py and rhvoice.py speak.

Used where ``--recorded DIR`` has a folder of the voice's name with ``metadata.csv`` (file|language|text).
"""

ALL: Final = (*FLITE, *FESTIVAL, *ESPEAK, *RECORDED)
