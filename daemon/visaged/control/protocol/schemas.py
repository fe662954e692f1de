"""JSON Schemas and an AsyncAPI document of the whole interface, generated from the models that the code runs on.

``python -m visaged.control.protocol.schemas docs/schemas`` writes them; a test keeps them in step with the code.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from visaged import __version__
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.envelope import AnyCommand, Response
from visaged.control.protocol.events import KINDS, Event
from visaged.control.protocol.health_model import BoxStatus, Health

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Json = dict[str, Any]


def request_schema(command: AnyCommand) -> Json:
    """What a request's payload must be."""
    return _with_dialect(command.request.model_json_schema(), f"Request {command.name}")


def response_schema(command: AnyCommand) -> Json:
    """What every answer to the command is."""
    schema = TypeAdapter(Response[command.data]).json_schema(mode="serialization")  # type: ignore[name-defined]
    return _with_dialect(schema, f"Response {command.name}")


def schemas() -> dict[str, Json]:
    """File name -> schema, of everything that goes over the wire as JSON."""
    found: dict[str, Json] = {}
    for command in COMMANDS.values():
        found[f"request.{command.name}.json"] = request_schema(command)
        found[f"response.{command.name}.json"] = response_schema(command)
    for name, model in (("health", Health), ("status", BoxStatus), ("event", Event)):
        found[f"{name}.json"] = _with_dialect(model.model_json_schema(mode="serialization"), name.capitalize())
    return found


def asyncapi() -> Json:
    """The interface as an AsyncAPI 3.0 document; payloads refer to the schema files beside it."""
    channels: Json = {}
    operations: Json = {}

    def add(name: str, address: str, schema: str, summary: str, *, sends: bool) -> None:
        message = {"contentType": "application/json", "payload": {"$ref": f"./{schema}"}}
        parameters = {"device": {"description": "Device id"}} if "{device}" in address else {}
        channels[name] = {"address": address, "messages": {"message": message}, "parameters": parameters}
        operations[name] = {
            "action": "send" if sends else "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": summary,
        }

    add("status", "visaged/{device}/status", "status.json", "State of the box; retained, and the will", sends=True)
    add("health", "visaged/{device}/health", "health.json", "Figures and problems; retained", sends=True)
    for kind in KINDS:
        add(f"event.{kind}", f"visaged/{{device}}/event/{kind}", "event.json", f"Event {kind}", sends=True)
    for command in COMMANDS.values():
        name = command.name
        request, response = f"request.{name}", f"response.{name}"
        add(response, f"visaged/{{device}}/response/{name}", f"{response}.json", f"Answer to {name}", sends=True)
        add(request, f"visaged/{{device}}/request/{name}", f"{request}.json", command.summary, sends=False)
        operations[request]["reply"] = {"channel": {"$ref": f"#/channels/{response}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "visaged over MQTT",
            "version": __version__,
            "description": "Topics, requests, answers, health, events of one box. 'visaged' is the setting mqtt.base. "
            "Requests are also taken on visaged/group/<group>/request/<command> and visaged/all/request/<command>.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
    }


def files() -> dict[str, str]:
    """File name -> text, of the whole folder."""
    return {name: _text(content) for name, content in {**schemas(), "asyncapi.json": asyncapi()}.items()}


def _with_dialect(schema: Json, title: str) -> Json:
    return {"$schema": _DIALECT, **schema, "title": title}


def _text(content: Json) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write every file, and remove what no model stands for any more."""
    folder.mkdir(parents=True, exist_ok=True)
    written = files()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in folder.glob("*.json"):
        if path.name not in written:
            path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
