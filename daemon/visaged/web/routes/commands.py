"""POST /commands/NAME: every command of MQTT, made from the same registry, with the same models and answers."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.envelope import AnyCommand
from visaged.control.protocol.parse import parse_request
from visaged.web.access import Context, Who, check
from visaged.web.auth.scopes import scope_of
from visaged.web.errors import HttpRefusal

router = APIRouter(prefix="/commands", tags=["commands"])


def _add(command: AnyCommand) -> None:
    example = {name: value for name, value in json.loads(command.example).items() if name != "transaction"}

    async def carry_out(request: Request, context: Context, who: Who) -> JSONResponse:
        check(who, scope_of(command.name))
        payload = await _payload(request, command)
        # Before the daemon is asked at all: it has better to do than to read what is wrong.
        parse_request(command, payload)
        fields = json.loads(payload)
        fields.pop("command", None)
        # As the daemon said it: a field that this version does not know is not lost.
        return JSONResponse(await context.gateway.call(command, fields))

    router.add_api_route(
        f"/{command.name}",
        carry_out,
        methods=["POST"],
        name=command.name,
        operation_id=command.name,
        summary=command.summary,
        description=f"{(command.request.__doc__ or '').strip()} Takes the scope `{scope_of(command.name).value}`.",
        response_model=command.data,
        openapi_extra={
            "requestBody": {
                "required": bool(example),
                "content": {
                    "application/json": {
                        "schema": command.request.model_json_schema(ref_template="#/components/schemas/{model}"),
                        "example": example,
                    }
                },
            }
        },
    )


async def _payload(request: Request, command: AnyCommand) -> bytes:
    """The body; ``{}`` where there is none. Raises HttpRefusal."""
    payload = bytearray()
    async for piece in request.stream():
        payload += piece
        if len(payload) > command.max_bytes:
            raise HttpRefusal("too_large", f"{command.name} takes up to {command.max_bytes} bytes")
    return bytes(payload) or b"{}"


for _command in COMMANDS.values():
    _add(_command)


@router.post("/{name}", include_in_schema=False)
async def unknown(name: str, who: Who) -> None:
    """What is no command."""
    raise HttpRefusal("unknown_command", f"'{name[:64]}' is not a command; there are {', '.join(COMMANDS)}")
