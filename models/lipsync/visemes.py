"""Phones -> the shape of the mouth: viseme classes (MPEG-4 and OVR) and target values of the mouth's curves.

MPEG-4: ISO/IEC 14496-2, table C-1 (0 = none … 14 = U). OVR: the 15 visemes of Oculus Lipsync. The curve values follow
what recorded faces show in speech (jaw rarely over 0.45, MouthClose and MouthPress small).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.phones import BILABIALS, COMMON, LABIODENTALS, SILENCE


def _words(text: str) -> list[str]:
    return text.split()


CHANNELS: Final = tuple(
    _words(
        "JawOpen MouthFunnel MouthPucker MouthStretch MouthSmile MouthRollLower MouthRollUpper MouthPress "
        "MouthLowerDown MouthUpperUp MouthShrugUpper MouthShrugLower JawForward TongueOut"
    )
)
"""What targets and model speak of; left and right come from one channel (``decode.py``). MouthClose: the closure."""

OVR: Final = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")

_OVR_OF: Final = {
    "sil": "SIL Q", "PP": "P B M", "FF": "F V BV", "TH": "TH DH", "DD": "T D RR", "kk": "K G HH X NG",
    "CH": "CH JH SH ZH",
    "SS": "S Z TS", "nn": "N L NY LY", "RR": "R ER", "aa": "AA AE AH A AY AW", "E": "EH EY E AX", "ih": "IH IY Y IX",
    "oh": "AO OW O OY OE", "ou": "UW UH W UE",
}  # fmt: skip
VISEME: Final = {phone: name for name, phones in _OVR_OF.items() for phone in phones.split()}
"""Common phone -> OVR viseme."""


@dataclass(frozen=True)
class Shape:
    """Targets of one phone and how firmly it holds them: 0 gives way to its neighbours, 1 insists."""

    jaw: float
    funnel: float = 0.0
    pucker: float = 0.0
    stretch: float = 0.0
    smile: float = 0.0
    roll_lower: float = 0.0
    roll_upper: float = 0.0
    press: float = 0.0
    lower_down: float = 0.0
    upper_up: float = 0.0
    shrug_upper: float = 0.0
    shrug_lower: float = 0.0
    forward: float = 0.0
    tongue: float = 0.0
    hold_jaw: float = 0.6
    hold_round: float = 0.5
    hold_lips: float = 0.5

    def values(self) -> NDArray[np.float32]:
        """Targets in the order of ``CHANNELS``."""
        return np.array(
            [self.jaw, self.funnel, self.pucker, self.stretch, self.smile, self.roll_lower, self.roll_upper, self.press,
             self.lower_down, self.upper_up, self.shrug_upper, self.shrug_lower, self.forward, self.tongue],
            np.float32,
        )  # fmt: skip


_CLOSED: Final = Shape(
    0.08, roll_lower=0.14, roll_upper=0.06, press=0.22, shrug_lower=0.08, hold_jaw=0.7, hold_round=0.2, hold_lips=1.0
)
_LIP_TEETH: Final = Shape(
    0.08, roll_lower=0.34, upper_up=0.14, shrug_upper=0.05, stretch=0.04, hold_jaw=0.8, hold_round=0.25, hold_lips=1.0
)
_SIBILANT: Final = Shape(
    0.07, stretch=0.14, smile=0.05, lower_down=0.18, upper_up=0.06, hold_jaw=0.95, hold_round=0.35, hold_lips=0.6
)
_HUSHING: Final = Shape(
    0.08,
    funnel=0.36,
    pucker=0.14,
    lower_down=0.22,
    upper_up=0.1,
    forward=0.08,
    hold_jaw=0.9,
    hold_round=0.8,
    hold_lips=0.6,
)
_TONGUE_TIP: Final = Shape(0.13, lower_down=0.07, hold_jaw=0.45, hold_round=0.1, hold_lips=0.25)
_TONGUE_BACK: Final = Shape(0.17, lower_down=0.06, hold_jaw=0.3, hold_round=0.08, hold_lips=0.2)
_DENTAL: Final = Shape(0.13, lower_down=0.12, tongue=0.28, hold_jaw=0.6, hold_round=0.15, hold_lips=0.5)

SHAPES: Final[dict[str, Shape]] = {
    SILENCE: Shape(0.0, hold_jaw=0.55, hold_round=0.35, hold_lips=0.4),
    **dict.fromkeys(("P", "B", "M"), _CLOSED),
    **dict.fromkeys(("F", "V"), _LIP_TEETH),
    "BV": Shape(0.07, roll_lower=0.06, press=0.02, hold_jaw=0.6, hold_lips=0.6),
    **dict.fromkeys(("TH", "DH"), _DENTAL),
    **dict.fromkeys(("T", "D", "N", "RR"), _TONGUE_TIP),
    "L": Shape(0.17, lower_down=0.07, tongue=0.08, hold_jaw=0.45, hold_round=0.12, hold_lips=0.25),
    **dict.fromkeys(("NY", "LY"), Shape(0.12, stretch=0.1, hold_jaw=0.4, hold_round=0.2, hold_lips=0.2)),
    **dict.fromkeys(("K", "G", "NG", "X"), _TONGUE_BACK),
    "HH": Shape(0.2, hold_jaw=0.1, hold_round=0.05, hold_lips=0.1),
    "Q": Shape(0.16, hold_jaw=0.1, hold_round=0.05, hold_lips=0.1),
    **dict.fromkeys(("S", "Z", "TS"), _SIBILANT),
    **dict.fromkeys(("SH", "ZH", "CH", "JH"), _HUSHING),
    "R": Shape(0.14, funnel=0.24, pucker=0.14, lower_down=0.08, hold_jaw=0.5, hold_round=0.55, hold_lips=0.3),
    "W": Shape(0.09, funnel=0.36, pucker=0.5, hold_jaw=0.7, hold_round=1.0, hold_lips=0.5),
    "Y": Shape(0.12, stretch=0.2, smile=0.08, lower_down=0.08, hold_jaw=0.5, hold_round=0.4, hold_lips=0.3),
    "AA": Shape(0.42, lower_down=0.2, upper_up=0.08, hold_jaw=0.9, hold_round=0.5, hold_lips=0.6),
    "A": Shape(0.42, lower_down=0.2, upper_up=0.09, hold_jaw=0.9, hold_round=0.5, hold_lips=0.6),
    "AE": Shape(
        0.4, stretch=0.16, smile=0.08, lower_down=0.24, upper_up=0.13, hold_jaw=0.9, hold_round=0.55, hold_lips=0.6
    ),
    "AH": Shape(0.3, lower_down=0.14, upper_up=0.05, hold_jaw=0.7, hold_round=0.4, hold_lips=0.5),
    "AX": Shape(0.2, lower_down=0.08, hold_jaw=0.35, hold_round=0.2, hold_lips=0.3),
    "AO": Shape(0.36, funnel=0.36, pucker=0.14, lower_down=0.1, hold_jaw=0.85, hold_round=0.8, hold_lips=0.5),
    "O": Shape(0.26, funnel=0.4, pucker=0.34, hold_jaw=0.8, hold_round=0.95, hold_lips=0.5),
    "UH": Shape(0.18, funnel=0.24, pucker=0.26, hold_jaw=0.6, hold_round=0.75, hold_lips=0.4),
    "UW": Shape(0.12, funnel=0.36, pucker=0.56, hold_jaw=0.75, hold_round=1.0, hold_lips=0.5),
    "UE": Shape(0.11, funnel=0.36, pucker=0.52, hold_jaw=0.75, hold_round=1.0, hold_lips=0.5),
    "OE": Shape(0.23, funnel=0.38, pucker=0.28, hold_jaw=0.75, hold_round=0.95, hold_lips=0.5),
    "EH": Shape(
        0.31, stretch=0.16, smile=0.06, lower_down=0.18, upper_up=0.09, hold_jaw=0.8, hold_round=0.5, hold_lips=0.5
    ),
    "E": Shape(
        0.23, stretch=0.2, smile=0.09, lower_down=0.15, upper_up=0.07, hold_jaw=0.75, hold_round=0.55, hold_lips=0.5
    ),
    "ER": Shape(0.19, funnel=0.2, pucker=0.1, lower_down=0.1, hold_jaw=0.6, hold_round=0.5, hold_lips=0.4),
    "IH": Shape(
        0.18, stretch=0.16, smile=0.06, lower_down=0.12, upper_up=0.04, hold_jaw=0.6, hold_round=0.4, hold_lips=0.4
    ),
    "IY": Shape(
        0.13, stretch=0.28, smile=0.13, lower_down=0.14, upper_up=0.06, hold_jaw=0.75, hold_round=0.65, hold_lips=0.5
    ),
    "IX": Shape(0.15, stretch=0.12, lower_down=0.08, hold_jaw=0.55, hold_round=0.35, hold_lips=0.35),
}

DIPHTHONGS: Final = {"AY": ("A", "IH"), "AW": ("A", "UH"), "EY": ("E", "IH"), "OW": ("O", "UH"), "OY": ("AO", "IH")}
"""Phones whose mouth moves: the shapes it moves between."""


def typical() -> NDArray[np.float32]:
    """What each of ``OVR`` looks like, [15, channels]: the mean of its phones' shapes, of moving ones both ends."""
    rows = []
    for name in OVR:
        phones = [phone for phone in VISEME if VISEME[phone] == name]
        shapes = [SHAPES[part] for phone in phones for part in DIPHTHONGS.get(phone, (phone,))]
        rows.append(np.mean([shape.values() for shape in shapes], axis=0))
    return np.stack(rows).astype(np.float32)


def check() -> None:
    """Raises ValueError if a common phone has no shape or no viseme. Run by the tests."""
    for phone in COMMON:
        if phone not in VISEME or (phone not in SHAPES and phone not in DIPHTHONGS):
            raise ValueError(f"phone '{phone}' has no viseme or no shape")
    if {p for p in VISEME if VISEME[p] == "PP"} != BILABIALS or not {
        p for p in VISEME if VISEME[p] == "FF"
    } >= LABIODENTALS:
        raise ValueError("the lip visemes and the lip phones differ")
