"""Reading an ID packet (visaged/id_packet.py is its specification) with errors that name the field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from visaged.capsules.errors import CapsuleError, from_validation
from visaged.id_packet import MAX_PACKET_BYTES, IdPacket

_NAME = "packet"


def decode(data: bytes | str | Mapping[str, Any]) -> IdPacket:
    """A packet from its JSON, or from an object that was JSON. Raises CapsuleError."""
    try:
        if isinstance(data, Mapping):
            data = json.dumps(data, ensure_ascii=False)
        if isinstance(data, str):
            data = data.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise CapsuleError(_NAME, "packet", f"is not JSON: {error}") from None
    if len(data) > MAX_PACKET_BYTES:
        raise CapsuleError(_NAME, "packet", f"is {len(data)} bytes; at most {MAX_PACKET_BYTES} are accepted")
    try:
        return IdPacket.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise from_validation(_NAME, error, "packet") from None
