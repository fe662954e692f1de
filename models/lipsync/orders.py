"""What a clip of Picovoice's speech-to-intent benchmark says, word for word: its labels name only what was ordered.

The people were given sentences of one grammar (``data/rhino/coffee_maker.yaml`` there): an opening, then the size,
roast and shots in any order, the drink, then what goes in it. With the label at hand only the opening and the order
are open, and the recogniser that also aligns the words chooses among them.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

_OPENINGS: Final = "brew | can i get | can i have | i want | get me | give me | i'd like | make me | may i have"
_BEFORE: Final = ("size", "roast", "numberOfShots")
_DRINK: Final = "coffeeDrink"
_AFTER: Final = ("milkAmount", "sugarAmount")


def grammar(slots: dict[str, str]) -> str:
    """All that may have been said for these labels, in JSGF."""
    said = {name: value.strip().lower() for name, value in slots.items()}
    before = _orders([said[name] for name in _BEFORE if name in said], " ")
    after = _orders([said[name] for name in _AFTER if name in said], " and ")
    sentence = f"[ {_OPENINGS} ] [ a ] {before} {said[_DRINK]}" + (f" with {after}" if after else "")
    return f"#JSGF V1.0;\ngrammar order;\npublic <order> = {sentence};\n"


def _orders(parts: list[str], between: str) -> str:
    return "( " + " | ".join(between.join(order) for order in itertools.permutations(parts)) + " )" if parts else ""


class Listener:
    """Holds one decoder. Not safe to share between threads."""

    def __init__(self) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL")

    def text(self, sound: NDArray[np.int16], slots: dict[str, str]) -> str | None:
        """The words of ``sound`` (int16 mono, 16 kHz), to which the labels ``slots`` belong; None where none fit."""
        if _DRINK not in slots:
            return None
        self._decoder.add_jsgf_string("order", grammar(slots))
        self._decoder.activate_search("order")
        self._decoder.start_utt()
        self._decoder.process_raw(sound.tobytes(), no_search=False, full_utt=True)
        self._decoder.end_utt()
        heard = self._decoder.hyp()
        return heard.hypstr if heard is not None and heard.hypstr else None
