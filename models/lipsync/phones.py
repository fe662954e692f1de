"""One phone alphabet for every source: ARPAbet, the radio phones of flite and festival, and IPA map into it.

The common set is ARPAbet without stress marks, plus a few symbols for sounds that English lacks (``EXTRA``). What
matters here is what the mouth does, so sounds that look alike may share a symbol: all taps and trills are ``RR``.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final


def _words(text: str) -> list[str]:
    return text.split()


SILENCE: Final = "SIL"

ARPABET: Final = tuple(
    _words("AA AE AH AO AW AX AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH")
)

EXTRA: Final = {
    "A": "open central vowel",
    "E": "close-mid front vowel",
    "O": "close-mid back rounded vowel",
    "UE": "front close rounded vowel (French u, German ü)",
    "OE": "front mid rounded vowel (French eu, German ö)",
    "IX": "close central or back unrounded vowel",
    "X": "velar, uvular or pharyngeal fricative",
    "RR": "tap or trill",
    "NY": "palatal nasal",
    "LY": "palatal lateral",
    "TS": "alveolar affricate",
    "Q": "glottal stop",
    "BV": "bilabial fricative: the lips narrow, they do not close",
}

COMMON: Final = (SILENCE, *ARPABET, *EXTRA)

BILABIALS: Final = frozenset(["P", "B", "M"])
LABIODENTALS: Final = frozenset(["F", "V"])
ROUNDED: Final = frozenset(["UW", "UH", "OW", "OY", "AO", "O", "UE", "OE", "W"])
VOWELS: Final = frozenset(_words("AA AE AH AO AW AX AY EH ER EY IH IY OW OY UH UW A E O UE OE IX"))

# flite and festival write the radio set; AX is the schwa, PAU and its kin are silence.
_RADIO: Final = {
    "PAU": SILENCE,
    "H#": SILENCE,
    "BRTH": SILENCE,
    "AXR": "ER",
    "EL": "L",
    "EM": "M",
    "EN": "N",
    "NX": "N",
}
_SPHINX: Final = {
    "SIL": SILENCE,
    "+NSN+": SILENCE,
    "+SPN+": SILENCE,
    "<SIL>": SILENCE,
    "[NOISE]": SILENCE,
    "(NULL)": SILENCE,
}

# IPA base letters by what lips, jaw and tongue do; diacritics, length and stress are dropped before the look-up.
_IPA_GROUPS: Final = {
    "P": "pƥʘ", "B": "bɓʙ", "M": "m", "BV": "ɸβ", "F": "f", "V": "vʋɱⱱ", "TH": "θ", "DH": "ð",
    "T": "tʈ", "D": "dɖɗ", "N": "nɳ", "S": "sɬ", "Z": "zɮ", "SH": "ʃʂɕç", "ZH": "ʒʐʑʝ", "CH": "ʧ", "JH": "ʤ",
    "TS": "ʦ", "K": "kqc", "G": "gɡɢɟɠʛʄ", "X": "xɣχʁħʕɰ", "NG": "ŋɴ", "NY": "ɲ", "L": "lɫɭʟ", "LY": "ʎ",
    "R": "ɹɻ", "RR": "rɾʀɽɺ", "W": "wʍɥ", "Y": "j", "HH": "hɦ", "Q": "ʔʡʢ",
    "IY": "i", "IH": "ɪ", "IX": "ɨɯᵻʉ", "E": "eɘ", "EH": "ɛɜ", "AE": "æ", "A": "aɐ", "AA": "ɑ", "AH": "ʌ",
    "AX": "əɤ", "ER": "ɚɝ", "AO": "ɔɒ", "O": "oɵ", "UH": "ʊ", "UW": "u", "UE": "yʏ", "OE": "øœɞɶ",
}  # fmt: skip
_IPA: Final = {letter: symbol for symbol, letters in _IPA_GROUPS.items() for letter in letters}
_IPA_PAIRS: Final = {"tʃ": "CH", "dʒ": "JH", "tɕ": "CH", "dʑ": "JH", "tʂ": "CH", "dʐ": "JH", "ts": "TS", "dz": "TS"}
_IPA_DIPHTHONGS: Final = {
    "aɪ": "AY", "ai": "AY", "aʊ": "AW", "au": "AW", "eɪ": "EY", "ei": "EY", "oʊ": "OW", "əʊ": "OW", "ou": "OW",
    "ɔɪ": "OY", "oi": "OY", "ɔʏ": "OY", "ɔø": "OY",
}  # fmt: skip
# Marks of IPA and of espeak-ng's own mnemonics that change nothing the lips do.
_IPA_DROP: Final = "ˈˌːˑ.|‖ ͜͡ʰʲʷˠˤ˞ⁿ˔˕;:!#-_'`^\"~"


@dataclass(frozen=True)
class Phone:
    """One phone of an utterance: ``symbol`` of the common set, ``start_s`` and ``end_s`` in seconds of the sound."""

    symbol: str
    start_s: float
    end_s: float


def from_arpabet(name: str) -> str:
    """Common symbol of an ARPAbet, radio or CMU Sphinx phone (any case, stress digits allowed).

    Raises ValueError for a name that is in none of the three sets.
    """
    key = name.upper().rstrip("012")
    symbol = _RADIO.get(key) or _SPHINX.get(key) or key
    if symbol not in COMMON:
        raise ValueError(f"phone '{name}' is not ARPAbet, not a radio phone and not a CMU Sphinx phone")
    return symbol


def from_ipa(name: str) -> tuple[str, ...]:
    """Common symbols of one espeak-ng IPA event; a diphthong is one symbol, an unknown or empty event none.

    >>> from_ipa("tʃ"), from_ipa("aɪə"), from_ipa("pf")
    (('CH',), ('AY', 'AX'), ('P', 'F'))
    """
    text = unicodedata.normalize("NFD", name)
    text = "".join(c for c in text if not unicodedata.combining(c) and c not in _IPA_DROP and not c.isdigit())
    symbols: list[str] = []
    position = 0
    while position < len(text):
        pair = text[position : position + 2]
        symbol = _IPA_PAIRS.get(pair) or _IPA_DIPHTHONGS.get(pair)
        if symbol is not None:
            symbols.append(symbol)
            position += 2
            continue
        single = _IPA.get(text[position])
        if single is not None:
            symbols.append(single)
        position += 1
    return tuple(symbols)


def merge(phones: list[Phone]) -> list[Phone]:
    """The same phones with neighbouring silences joined and empty ones left out. Geminates stay apart."""
    merged: list[Phone] = []
    for phone in phones:
        if phone.end_s <= phone.start_s:
            continue
        if merged and phone.symbol == SILENCE and merged[-1].symbol == SILENCE:
            merged[-1] = Phone(SILENCE, merged[-1].start_s, phone.end_s)
        else:
            merged.append(phone)
    return merged
