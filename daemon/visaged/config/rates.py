"""Frame rates: numbers and fractions that people write, within what the wire holds."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer

NTSC_RATES: Final = {"23.976": Fraction(24000, 1001), "29.97": Fraction(30000, 1001), "59.94": Fraction(60000, 1001)}


# A number has this form before it is a number: Fraction("1e300000000") would count for ever.
_FPS_FORM: Final = re.compile(r"[0-9]{1,7}(/[0-9]{1,6}|\.[0-9]{1,6})?")


def parse_fps(value: Any) -> Fraction:
    """A frame rate from a number or a text ('60', '29.97', '30000/1001'); raises ValueError outside 24..120."""
    accepted = "expected a rate from 24 to 120, such as 60, '30000/1001' or 29.97"
    fps = value if isinstance(value, Fraction) else _fraction(value)
    # 23.976 is what people mean by 24 in film; both numbers must fit the wire's int32.
    if fps is None or not Fraction(24000, 1001) <= fps <= 120 or fps.numerator > 1_000_000 or fps.denominator > 100_000:
        raise ValueError(accepted)
    return fps


def _fraction(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if not isinstance(value, str):
        # Within these bounds the text of a number is short.
        value = str(value) if 0 < value < 1000 else ""
    if len(value) > 16 or not _FPS_FORM.fullmatch(value.strip()):
        return None
    try:
        return NTSC_RATES.get(value.strip()) or Fraction(value)
    except ZeroDivisionError:
        return None


Fps = Annotated[
    Fraction,
    BeforeValidator(parse_fps),
    PlainSerializer(lambda fps: fps.numerator if fps.denominator == 1 else str(fps)),
]
"""A rate in the settings: written as a number where it is whole, else as a text."""
