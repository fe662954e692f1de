"""What boxes say, as the operator reads it: bounded before it is worked on, one error for whatever is no such message.

Anybody who may write below ``visaged/`` can send anything; one bad box must not stop the tool that looks after a fleet.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from visaged.control.protocol.envelope import Data, ErrorBody
from visaged.control.protocol.events import Event
from visaged.control.protocol.health_model import BoxStatus, Health
from visaged.printable import printable
from visaged.text_form import complaint

# A snapshot of five seconds is 50 kB, the longest list of capsules a few hundred; pydantic bounds the depth (200).
MAX_BYTES: Final = 1 << 20

# What a reason may take of a line.
_REASON: Final = 120

ModelT = TypeVar("ModelT", bound=BaseModel)


class BadMessage(ValueError):
    """A message that is none: a short, printable reason."""


class Reply(Data):
    """An answer to anybody, in any version."""

    transaction: str | None
    data: dict[str, Any] | None
    error: ErrorBody | None


def read_status(payload: bytes) -> BoxStatus:
    """A status message. Raises BadMessage."""
    return _read(BoxStatus, payload)


def read_health(payload: bytes) -> Health:
    """A health message. Raises BadMessage."""
    return _read(Health, payload)


def read_event(payload: bytes) -> Event:
    """An event. Raises BadMessage."""
    return _read(Event, payload)


def read_reply(payload: bytes) -> Reply:
    """An answer, whoever asked. Raises BadMessage."""
    reply = _read(Reply, payload)
    try:
        json.dumps(reply.data, allow_nan=False)  # 1e400 is a number in JSON, and none afterwards
    except ValueError:
        raise BadMessage("data: holds a number that is not finite") from None
    return reply


def read_data(model: type[ModelT], data: dict[str, Any]) -> ModelT:
    """The ``data`` of an answer as what the command gives. Raises BadMessage."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BadMessage(_reason(error)) from None


def _read(model: type[ModelT], payload: bytes) -> ModelT:
    if len(payload) > MAX_BYTES:
        raise BadMessage(f"{len(payload)} bytes, at most {MAX_BYTES} are read")
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        raise BadMessage(_reason(error)) from None


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return printable(f"{field}: {complaint(first)}" if field else complaint(first), _REASON)
