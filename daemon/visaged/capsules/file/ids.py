"""Capsule IDs: ``^[A-Z]{2,4}_[A-Z0-9_]{1,32}$``, and what each prefix means. Events are ``E_…`` and name capsules."""

from __future__ import annotations

import re
from enum import Enum
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

NEUTRAL: Final = "VF_NEUTRAL"
"""The last fallback: a face that adds nothing."""
NEUTRAL_LOOP: Final = "CID_NEUTRAL_LOOP"


class CapsuleKind(Enum):
    """What a capsule is, by its prefix."""

    FACE = "face"
    LOOP = "loop"
    LINE = "line"
    """A spoken line: curves and its voice."""
    CUE = "cue"
    """A named moment for the engine to act on (hands, body, camera, light): sent as OSC, no tensors."""
    VOICE = "voice"
    """Parameters of a voice effect: sent as a cue, no tensors."""


KINDS: Final[dict[str, CapsuleKind]] = {
    "VF": CapsuleKind.FACE,
    "FMM": CapsuleKind.FACE,
    "CID": CapsuleKind.LOOP,
    "VL": CapsuleKind.LINE,
    "HF": CapsuleKind.CUE,
    "HK": CapsuleKind.CUE,
    "BK": CapsuleKind.CUE,
    "CS": CapsuleKind.CUE,
    "LD": CapsuleKind.CUE,
    "ER": CapsuleKind.CUE,
    "VC": CapsuleKind.VOICE,
}
"""Prefix -> kind."""

CID_PATTERN: Final = r"^[A-Z]{2,4}_[A-Z0-9_]{1,32}$"
_CID: Final = re.compile(CID_PATTERN + r"(?!\n)", re.ASCII)
EVENT_PREFIX: Final = "E_"
_ACCEPTED: Final = f"expected a prefix ({', '.join(KINDS)}), '_' and 1-32 of A-Z 0-9 _, such as VF_BROW_FLASH"


def check_cid(cid: str) -> str:
    """Return ``cid`` when it is a capsule ID with a known prefix; raises ValueError with what is accepted."""
    if _CID.match(cid) is None or cid.split("_", 1)[0] not in KINDS:
        raise ValueError(_ACCEPTED)
    return cid


def kind_of(cid: str) -> CapsuleKind:
    """The kind of a checked ID."""
    return KINDS[cid.split("_", 1)[0]]


Cid = Annotated[str, StringConstraints(max_length=37), AfterValidator(check_cid)]
"""A capsule ID, as a field of a pydantic model."""
