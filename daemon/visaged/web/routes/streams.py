"""Streams: WS /stream/face, the live face out; WS /stream/voice, a voice in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from visaged.curves import CURVES
from visaged.web.access import Context, Who, check
from visaged.web.auth.scopes import Scope
from visaged.web.errors import HttpRefusal
from visaged.web.live.feed import closing
from visaged.web.live.message import MESSAGE_BYTES
from visaged.web.live.voice import read_form

router = APIRouter()

TRY_AGAIN: Final = 1013
"""WebSocket close codes (RFC 6455 and its registry): try again later; not allowed; too big."""
NOT_ALLOWED: Final = 1008
_FORM_CHARACTERS: Final = 1024
# A viewer that takes nothing for so long is gone, or asleep: it connects again by itself.
_STUCK_S: Final = 20.0


async def refuse(socket: WebSocket, refusal: HttpRefusal) -> None:
    """Say why, and hang up."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_json(refusal.body())
        await socket.close(TRY_AGAIN if refusal.code in ("busy", "unavailable") else NOT_ALLOWED, refusal.message[:100])


@router.websocket("/stream/face")
async def face(
    socket: WebSocket, context: Context, who: Who, fps: Annotated[Literal["60", "30"], Query()] = "60"
) -> None:
    """First a JSON message (``names``, ``fps``, ``message_bytes``), then a binary one a frame: live/message.py."""
    await socket.accept()
    messages = context.feed.watch(_every(context.feed.rate_hz, int(fps)))
    try:
        check(who, Scope.VIEW)
        rate_hz = context.feed.rate_hz
        await socket.send_json(
            {"names": CURVES, "fps": None if rate_hz is None else float(rate_hz), "message_bytes": MESSAGE_BYTES}
        )
        listening = asyncio.create_task(_until_closed(socket))
        try:
            async for message in messages:
                if listening.done():
                    break
                await _within(socket.send_bytes(message))
        finally:
            listening.cancel()
    except HttpRefusal as refusal:
        await refuse(socket, refusal)
    except (WebSocketDisconnect, RuntimeError, TimeoutError, asyncio.TimeoutError):
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(TRY_AGAIN)
    finally:
        await closing(messages)


@router.websocket("/stream/voice")
async def voice(socket: WebSocket, context: Context, who: Who) -> None:
    """A voice for ``audio.input.backend = "network"``: first a JSON message with its form, then PCM (live/voice.py)."""
    await socket.accept()
    try:
        check(who, Scope.SPEAK)
        form = read_form(await _first(socket))
        with context.voice.open(form) as writer:
            await socket.send_json({"message": "speak", "rate_hz": form.rate_hz, "channels": form.channels})
            while (piece := await _piece(socket)) is not None:
                await writer.write(piece)
    except HttpRefusal as refusal:
        await refuse(socket, refusal)
    except (WebSocketDisconnect, RuntimeError):
        pass


async def _first(socket: WebSocket) -> str:
    try:
        message = await asyncio.wait_for(socket.receive(), _STUCK_S)
    except (TimeoutError, asyncio.TimeoutError):
        raise HttpRefusal(
            "expired", "the first message did not come: expected JSON with rate_hz and channels"
        ) from None
    return str(message.get("text") or "")[:_FORM_CHARACTERS]


async def _piece(socket: WebSocket) -> bytes | None:
    """The next message; None: the end. Raises HttpRefusal."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        return None
    piece: bytes | None = message.get("bytes")
    if piece is None:
        raise HttpRefusal("invalid", "after the first message only binary ones are expected: signed 16-bit samples")
    return piece


def _every(rate_hz: object, fps: int) -> int:
    return 1 if rate_hz is None or fps >= 60 else max(round(float(rate_hz) / fps), 1)  # type: ignore[arg-type]


async def _within(sending: Awaitable[None]) -> None:
    await asyncio.wait_for(sending, _STUCK_S)


async def _until_closed(socket: WebSocket) -> None:
    """Nothing is expected of a viewer; what it says is read and forgotten."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
