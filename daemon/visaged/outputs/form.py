"""What one target is sent: protocol, variant and rate. It travels on the board as a text, next to the address."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, Literal, NamedTuple, get_args

Protocol = Literal["livelink", "vmc", "ifacialmocap"]
"""In the order in which a tick is sent: Live Link first, for its spacing is what the box is measured by."""

PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)

TITLES: Final[dict[Protocol, str]] = {"livelink": "Live Link", "vmc": "VMC", "ifacialmocap": "iFacialMocap"}
"""What people call them."""

MAX_BYTES: Final = 192
"""Of the text: a device id, a subject of 64 characters and the rest."""

_SEPARATOR: Final = "\t"


class Form(NamedTuple):
    """Targets of one form get the same bytes, which are made once."""

    protocol: Protocol
    rate_hz: Fraction
    """How often; at most the face's own rate."""
    name: str
    """livelink: the subject. vmc: the set of names. ifacialmocap: the version."""
    detail: str = ""
    """livelink: the device id. vmc: ``bones`` or nothing."""

    def to_text(self) -> str:
        """For the board."""
        return _SEPARATOR.join((self.protocol, str(self.rate_hz), self.name, self.detail))

    @classmethod
    def from_text(cls, text: str) -> Form:
        """What ``to_text`` gave. Raises ValueError."""
        protocol, rate_hz, name, detail = text.split(_SEPARATOR)
        if protocol not in PROTOCOLS:
            raise ValueError(f"form: unknown protocol '{protocol}'")
        return cls(protocol, Fraction(rate_hz), name, detail)
