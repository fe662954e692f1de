"""The documented interface against a real broker: every command, every answer, every line of docs/mqtt.md."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.control.broker import Broker
from tests.control.mqtt.linked import Linked
from tests.control.operator import Operator
from visaged.control.protocol import schemas
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.events import KINDS
from visaged.control.protocol.refusal import Code

DOCS = Path(__file__).parents[3] / "docs"
_OPERATORS_WORDS = {"title", "description", "default"}


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((DOCS / "schemas" / name).read_text(encoding="utf-8"))
    return schema


def _validate(content: object, name: str) -> None:
    jsonschema.Draft202012Validator(
        _schema(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(content)


def _bare(schema: Any) -> Any:
    """``schema`` without words for readers, which differ from version to version of pydantic."""
    if isinstance(schema, dict):
        inner = schema.get("properties", {})
        return {
            key: {name: _bare(value) for name, value in inner.items()} if key == "properties" else _bare(value)
            for key, value in schema.items()
            if key not in _OPERATORS_WORDS
        }
    return [_bare(item) for item in schema] if isinstance(schema, list) else schema


def test_the_documented_schemas_are_those_of_the_code() -> None:
    written = {path.name for path in (DOCS / "schemas").glob("*.json")}
    made = schemas.files()
    assert written == set(made), "run: python -m visaged.control.protocol.schemas docs/schemas"
    for name, text in made.items():
        assert _bare(_schema(name)) == _bare(json.loads(text)), f"{name}: run the command above"


def test_the_asyncapi_document_names_every_command_and_every_file() -> None:
    document = _schema("asyncapi.json")
    receives = {name for name, operation in document["operations"].items() if operation["action"] == "receive"}
    assert receives == {f"request.{name}" for name in COMMANDS}
    for channel in document["channels"].values():
        reference = channel["messages"]["message"]["payload"]["$ref"]
        assert (DOCS / "schemas" / reference.removeprefix("./")).is_file()
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]


def test_every_command_over_the_broker(linked: Linked, operator: Operator) -> None:
    operator.wait_for("visaged/box-01/status", state="online")
    for name, command in COMMANDS.items():
        request = json.loads(command.example)
        _validate(request, f"request.{name}.json")
        operator.publish(f"visaged/box-01/request/{name}", request)
        answer = operator.wait_for(f"visaged/box-01/response/{name}", transaction=request["transaction"])
        assert answer["status"] == "ok"
        _validate(answer, f"response.{name}.json")
    assert len(linked.desk.box.asked) == len(COMMANDS)


def test_every_command_answers_nonsense_by_its_schema(linked: Linked, operator: Operator) -> None:
    operator.wait_for("visaged/box-01/status", state="online")
    for name in COMMANDS:
        for payload in (b"nonsense", b'{"transaction": "x", "no such field": 1}'):
            operator.publish(f"visaged/box-01/request/{name}", payload)
        for message in operator.wait(lambda message, name=name: message.topic.endswith(f"/response/{name}"), 2):  # type: ignore[misc]
            answer = json.loads(message.payload)
            assert answer["status"] == "error"
            _validate(answer, f"response.{name}.json")


def test_status_health_and_events_are_as_documented(linked: Linked, operator: Operator) -> None:
    linked.desk.events.listen(linked.link.tell)
    _validate(operator.wait_for("visaged/box-01/status", state="online"), "status.json")
    _validate(operator.wait_for("visaged/box-01/health"), "health.json")
    for kind in KINDS:
        linked.desk.events.tell(kind, cid="VF_083")
        _validate(operator.wait_for(f"visaged/box-01/event/{kind}"), "event.json")


def _lines() -> list[str]:
    text = (DOCS / "mqtt.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_every_command_has_a_line_and_every_code_and_event_a_row() -> None:
    text = (DOCS / "mqtt.md").read_text(encoding="utf-8")
    assert {line.split("/request/")[1].split()[0] for line in _lines()} == set(COMMANDS)
    for word in (*Code.__args__, *KINDS):  # type: ignore[attr-defined]
        assert f"`{word}`" in text, word


def test_every_line_of_the_document_works_as_it_stands(linked: Linked, broker: Broker, operator: Operator) -> None:
    operator.wait_for("visaged/box-01/status", state="online")
    for line in _lines():
        words = shlex.split(line)
        assert words[:3] == ["mosquitto_pub", "-h", "localhost"], line
        operator.forget()
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), *words[3:]], check=True, timeout=10)
        command = line.split("/request/")[1].split()[0]
        answer = operator.wait_for(f"visaged/box-01/response/{command}")
        assert answer["status"] == "ok", f"{line}: {answer['error']}"


@pytest.mark.parametrize("block", re.findall(r"```json\n(.*?)```", (DOCS / "mqtt.md").read_text(), re.DOTALL))
def test_json_in_the_document_is_json(block: str) -> None:
    content = json.loads(block)
    if "status" in content:
        _validate(content, f"response.{content['command']}.json")
