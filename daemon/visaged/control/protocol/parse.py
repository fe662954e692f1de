"""Bytes to a valid request, or one Refusal that names the field, the value and what is accepted."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from visaged.bounded.json_text import JsonBounds, JsonError, check_json
from visaged.control.protocol.envelope import Command, RequestT
from visaged.control.protocol.refusal import Refusal
from visaged.text_form import complaint

# Larger than any command's own limit: up to here the text is at least searched for its transaction.
MAX_PAYLOAD_BYTES: Final = 65_536

# Every curve of a face with what goes along, or 64 ids, is 80 values; settings are many more.
_VALUES: Final = 256
_BYTES_PER_VALUE: Final = 32
_FIELD_CHARS: Final = 128

_TRANSACTION: Final = re.compile(r"[ -~]{1,64}")


def parse_request(command: Command[RequestT, Any], payload: bytes) -> RequestT:
    """The request in ``payload`` (UTF-8 JSON, strict types). Raises Refusal too_large, malformed or invalid.

    Depth, values, numbers, keys and texts are bounded before any of them is converted.
    """
    if len(payload) > command.max_bytes:
        raise Refusal(
            "too_large", f"the request is {len(payload)} bytes; {command.name} takes up to {command.max_bytes}"
        )
    try:
        check_json(payload, JsonBounds(values=max(_VALUES, command.max_bytes // _BYTES_PER_VALUE)))
    except JsonError as error:
        raise _out_of_bounds(error) from None
    try:
        request = command.request.model_validate_json(payload, strict=True)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False)[0]) from None
    if request.command not in (None, command.name):
        raise Refusal("invalid", f"command is '{request.command}' but was sent to {command.name}", "command")
    return request


def find_transaction(payload: bytes) -> str | None:
    """The transaction of a request that may be anything; None when it has none that could be given back."""
    return transaction_of(parse_object(payload))


def transaction_of(fields: dict[str, Any]) -> str | None:
    """The transaction among ``fields``, when it is one."""
    transaction = fields.get("transaction")
    return transaction if isinstance(transaction, str) and _TRANSACTION.fullmatch(transaction) else None


def parse_object(payload: bytes) -> dict[str, Any]:
    """The JSON object in ``payload``; an empty one when it is anything else. Never raises."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        return {}
    try:
        # Every transaction is new: pydantic's cache of strings (16,384 of them, kept for good) would only fill up.
        value = from_json(payload, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _out_of_bounds(error: JsonError) -> Refusal:
    words = str(error) if error.path else f"the request {error.problem}"
    if not error.is_json:
        return Refusal("malformed", f"the request is not JSON in UTF-8: {error}", error.path[:_FIELD_CHARS] or None)
    return Refusal("invalid", words, error.path[:_FIELD_CHARS] or None)


def _refusal(details: ErrorDetails) -> Refusal:
    field = ".".join(str(part) for part in details["loc"])
    message = complaint(details)
    if details["type"] == "json_invalid":
        return Refusal("malformed", f"the request is not JSON in UTF-8: {message.removeprefix('Invalid JSON: ')}")
    if not field and details["type"] == "model_type":
        return Refusal("malformed", "the request is not a JSON object")
    if details["type"] == "extra_forbidden":
        return Refusal("invalid", f"'{field[:80]}' is not a field of this command", field[:_FIELD_CHARS])
    if details["type"] == "missing":
        return Refusal("invalid", f"'{field}' is missing", field)
    shown = ascii(details["input"])
    got = "" if isinstance(details["input"], dict) else f"; got {shown if len(shown) <= 80 else shown[:77] + '...'}"
    return Refusal("invalid", f"{message}{got}", field[:_FIELD_CHARS] or None)
