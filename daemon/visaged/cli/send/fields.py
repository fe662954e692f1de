"""The fields of a command as help: name, type, what is accepted, default; read off its pydantic model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from visaged.control.protocol.envelope import AnyCommand, Request

# JSON Schema's words, and ours.
_TYPES: Final = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "array": "list",
}
# Every request has these; they matter to programs.
_ENVELOPE: Final = tuple(Request.model_fields)
_MOST_CHOICES: Final = 12


def help_of(command: AnyCommand) -> str:
    """Its fields, one per line, and an example."""
    schema = command.request.model_json_schema()
    fields = {name: field for name, field in schema.get("properties", {}).items() if name not in _ENVELOPE}
    required = schema.get("required", ())
    lines = ["fields:" if fields else "No fields."]
    for name, field in fields.items():
        told = describe(field, schema)
        if name in required:
            told += ", required"
        elif field.get("default") is not None:
            told += f", default {_word(field['default'])}"
        if "description" in field:
            told += f": {field['description']}"
        lines.append(f"  {name:<14} {told}")
    return "\n".join([*lines, "", f"example: visaged send {command.name} '{_example(command)}'"])


def describe(field: dict[str, Any], schema: dict[str, Any]) -> str:
    """``whole number, 1 to 600000``."""
    if "$ref" in field:
        return describe(schema["$defs"][field["$ref"].rsplit("/", 1)[-1]], schema)
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(describe(one, schema) for one in field["anyOf"]))
    if choices := field.get("enum", [field["const"]] if "const" in field else None):
        return " | ".join(map(_word, choices[:_MOST_CHOICES]))
    kind = field.get("type", "")
    if kind == "array" and isinstance(field.get("items"), dict):
        return f"list of {describe(field['items'], schema)}"
    inner = field.get("properties")
    words = f"object of {', '.join(inner)}" if inner else _TYPES.get(kind, kind or "anything")
    return ", ".join([words, *_limits(field)])


def _limits(field: dict[str, Any]) -> Iterator[str]:
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    above = "above " if "exclusiveMinimum" in field else ""
    if low is not None and high is not None:
        yield f"{above}{low:g} to {high:g}"
    elif low is not None:
        yield f"above {low:g}" if above else f"{low:g} or more"
    elif high is not None:
        yield f"up to {high:g}"
    if "pattern" in field:
        yield f"as {field['pattern']}"


def _word(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _example(command: AnyCommand) -> str:
    """Without its transaction: the client makes one."""
    fields = {name: value for name, value in json.loads(command.example).items() if name != "transaction"}
    return json.dumps(fields, ensure_ascii=False)
