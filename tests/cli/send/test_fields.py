from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from visaged.cli.send.fields import describe, help_of
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.envelope import AnyCommand, Request
from visaged.control.protocol.parse import parse_request


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_every_command_tells_its_fields_and_an_example_that_works(command: AnyCommand) -> None:
    told = help_of(command)
    lines = {line.split()[0]: line for line in told.splitlines() if line.startswith("  ")}
    assert set(lines) == set(command.request.model_fields) - set(Request.model_fields)
    for name, line in lines.items():
        assert ("required" in line) == command.request.model_fields[name].is_required(), line
        assert "anything" not in line
    words = shlex.split(told.splitlines()[-1].removeprefix("example: "))
    assert words[:3] == ["visaged", "send", command.name]
    parse_request(command, words[3].encode())
    assert "transaction" not in json.loads(words[3])


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "whole number, 1 to 9"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 5}, "number, above 0 to 5"),
        ({"type": "number", "minimum": 0}, "number, 0 or more"),
        ({"anyOf": [{"type": "string", "pattern": "^a$"}, {"type": "null"}]}, "text, as ^a$ or null"),
        ({"enum": ["a", "b"]}, "a | b"),
        ({"const": True}, "true"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"$ref": "#/$defs/Inner"}, "object of a, b"),
        ({"type": "object"}, "object"),
        ({}, "anything"),
    ],
)
def test_a_type_in_words(field: dict[str, Any], told: str) -> None:
    inner = {"type": "object", "properties": {"a": {}, "b": {}}}
    assert describe(field, {"$defs": {"Inner": inner}}) == told
