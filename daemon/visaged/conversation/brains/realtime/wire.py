"""The Realtime protocol's messages: what this box sends, and one set of names for what it gets.

Source: openai-python, ``openai/types/realtime`` (GA) and ``openai/types/beta/realtime``. JSON text frames both ways;
sound is base64 of int16 little-endian, mono, 24 kHz.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from visaged.conversation.brains.protocol import RATE_HZ, Pcm, Script, Tool
from visaged.printable import printable

Message = dict[str, Any]

_GA_NAMES: Final[Mapping[str, str]] = {
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "conversation.item.created": "conversation.item.added",
}
"""Beta -> GA."""


class WireError(ValueError):
    """What came is no event: one sentence."""


def parse(text: str | bytes) -> Message:
    """An event, by its GA name. Raises WireError."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise WireError("expected an object with a type")
    message["type"] = _GA_NAMES.get(message["type"], message["type"])
    return message


def decode_sound(text: object) -> bytes:
    """The bytes of a delta. Raises WireError."""
    try:
        if isinstance(text, str):
            return base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one
        pass
    raise WireError("sound that is not base64")


def update(script: Script, *, shape: str, voice: str, transcribes: str, server_turns: bool, interrupt: bool) -> Message:
    """``session.update``. ``shape``: ga, beta or top (vendors.py)."""
    turns: Message | None = None
    if server_turns:
        turns = {"type": "server_vad", "create_response": True, "interrupt_response": interrupt}
    transcription = {"model": transcribes} | ({"language": script.language[:2]} if script.language else {})
    tools = [_tool(tool) for tool in script.tools]
    if shape == "beta":
        session: Message = {
            "modalities": ["audio", "text"],
            "instructions": script.instructions,
            "input_audio_format": "pcm16",
            "output_audio_format": "pcm16",
            "turn_detection": turns,
            "tools": tools,
            **({"voice": voice} if voice else {}),
            **({"input_audio_transcription": transcription} if transcribes else {}),
        }
        return {"type": "session.update", "event_id": "update", "session": session}
    pcm = {"type": "audio/pcm", "rate": RATE_HZ}
    hears: Message = {"format": pcm, **({"transcription": transcription} if transcribes else {})}
    says: Message = {"format": pcm}
    session = {"type": "realtime", "instructions": script.instructions, "tools": tools}
    if shape == "top":
        session |= {"turn_detection": turns} | ({"voice": voice} if voice else {})
    else:
        hears["turn_detection"] = turns
        says |= {"voice": voice} if voice else {}
        session["output_modalities"] = ["audio"]
    session["audio"] = {"input": hears, "output": says}
    return {"type": "session.update", "event_id": "update", "session": session}


def append(pcm: Pcm) -> Message:
    """More of the guest's voice."""
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm.astype("<i2").tobytes()).decode()}


CLEAR: Final[Message] = {"type": "input_audio_buffer.clear"}
COMMIT: Final[Message] = {"type": "input_audio_buffer.commit"}
RESPOND: Final[Message] = {"type": "response.create"}


def greet(greeting: str) -> Message:
    """Let the brain begin."""
    return {"type": "response.create", "response": {"instructions": f"Greet the guest with these words: {greeting}"}}


def cancel(response_id: str) -> Message:
    """End an answer."""
    return {"type": "response.cancel", "response_id": response_id}


def truncate(item_id: str, content_index: int, played_ms: int) -> Message:
    """What the guest heard of an item."""
    return {
        "type": "conversation.item.truncate",
        "item_id": item_id,
        "content_index": content_index,
        "audio_end_ms": played_ms,
    }


def delete(item_id: str) -> Message:
    """The guest heard nothing of an item."""
    return {"type": "conversation.item.delete", "item_id": item_id}


def tool_output(call_id: str, output: str) -> Message:
    """What came of a call."""
    item = {"type": "function_call_output", "call_id": call_id, "output": output}
    return {"type": "conversation.item.create", "item": item}


def history(turns: Sequence[tuple[str, str]], *, beta: bool) -> list[Message]:
    """What was said before (``user`` or ``assistant``, text), for a new session."""
    own = "text" if beta else "output_text"
    return [
        {
            "type": "conversation.item.create",
            "item": {
                "type": "message",
                "role": role,
                "content": [{"type": "input_text" if role == "user" else own, "text": text}],
            },
        }
        for role, text in turns
    ]


def arguments(text: object) -> Mapping[str, Any]:
    """Of a tool call; what is no object is none."""
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def failure(response: Message) -> str:
    """Why a response is none, in the server's words."""
    details = response.get("status_details")
    details = details if isinstance(details, dict) else {}
    error = details.get("error")
    error = error if isinstance(error, dict) else {}
    return printable(str(error.get("message") or error.get("code") or details.get("reason") or response.get("status")))


def dump(message: Message) -> str:
    """As it goes out."""
    return json.dumps(message, separators=(",", ":"))


def to_pcm(data: bytes) -> Pcm:
    """int16 of whole samples."""
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)


def _tool(tool: Tool) -> Message:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
