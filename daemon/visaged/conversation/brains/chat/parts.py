"""The three parts by OpenAI's HTTP: ``/audio/transcriptions``, ``/chat/completions``, ``/audio/speech``.

Source: openai-python, ``resources/audio`` and ``resources/chat/completions``. What LocalAI, Ollama, llama.cpp, vLLM,
Speaches and Kokoro's servers answer, too.
"""

from __future__ import annotations

import io
import json
import secrets
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from visaged.conversation.brains.chat.http import PartError, Requests
from visaged.conversation.brains.protocol import RATE_HZ, Pcm
from visaged.conversation.brains.realtime.wire import to_pcm
from visaged.speech import espeak
from visaged.speech.errors import SpeechError

_MOST_LINE: Final = 1024 * 1024
_MOST_TOKENS: Final = 400
"""Of an answer: two minutes of speech. A model that does not stop is stopped."""
MOST_CHARS: Final = 4000


@dataclass(frozen=True)
class BrainPart:
    """One of them."""

    url: str
    """Up to /v1; empty: on this box."""
    key: Callable[[], str]
    model: str = ""

    def headers(self, kind: str) -> dict[str, str]:
        """Of a request. Raises KeyFileFault."""
        key = self.key()
        return {"Content-Type": kind} | ({"Authorization": f"Bearer {key}"} if key else {})


@dataclass(frozen=True)
class Parts:
    """All of them."""

    stt: BrainPart
    llm: BrainPart
    tts: BrainPart


def transcribe(part: BrainPart, turn: Requests, pcm: Pcm, language: str) -> str:
    """What the guest said. Raises PartError, KeyFileFault."""
    fields = {"model": part.model or "whisper-1", "response_format": "json"}
    if language:
        fields["language"] = language[:2]
    boundary = secrets.token_hex(16)
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="guest.wav"\r\n'
    body = "".join(lines).encode() + head.encode() + b"Content-Type: audio/wav\r\n\r\n" + wav(pcm)
    body += f"\r\n--{boundary}--\r\n".encode()
    headers = part.headers(f"multipart/form-data; boundary={boundary}")
    answer = b"".join(turn.post(f"{part.url}/audio/transcriptions", body, headers, ("application/json",)))
    text = _object(answer).get("text")
    if not isinstance(text, str):
        raise PartError("the recogniser's answer holds no text")
    return text.strip()[:MOST_CHARS]


def complete(part: BrainPart, turn: Requests, instructions: str, said: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The answer, piece by piece. Raises PartError, KeyFileFault."""
    messages = [{"role": "system", "content": instructions}] if instructions else []
    messages += [{"role": role, "content": text} for role, text in said]
    request = {"model": part.model or "default", "messages": messages, "stream": True, "max_tokens": _MOST_TOKENS}
    pieces = turn.post(
        f"{part.url}/chat/completions",
        json.dumps(request).encode(),
        part.headers("application/json"),
        ("text/event-stream",),
    )
    written = 0
    for data in _events(pieces):
        if data == b"[DONE]":
            return
        choices = _object(data).get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else {}
        delta = choice.get("delta") if isinstance(choice, dict) else None
        text = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(text, str) and text:
            written += len(text)
            yield text
        if written > MOST_CHARS:
            return


def speak(part: BrainPart, turn: Requests, text: str, voice: str) -> Iterator[Pcm]:
    """``text`` as sound, piece by piece. Raises PartError, KeyFileFault."""
    if not part.url:
        try:
            yield espeak.say(text, voice)
        except SpeechError as error:
            raise PartError(str(error)) from None
        return
    request = {"model": part.model or "tts-1", "input": text, "voice": voice or "alloy", "response_format": "pcm"}
    pieces = turn.post(
        f"{part.url}/audio/speech",
        json.dumps(request).encode(),
        part.headers("application/json"),
        ("audio/", "application/octet-stream"),
    )
    odd = b""
    for piece in pieces:
        data = odd + piece
        odd = data[len(data) // 2 * 2 :]
        yield to_pcm(data)


def wav(pcm: Pcm) -> bytes:
    """As a file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()


def _events(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The data of server-sent events."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > _MOST_LINE:
            raise PartError("the language model sends a line without end")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise PartError("an answer that is not JSON") from None
    if not isinstance(value, dict):
        raise PartError("an answer that is no JSON object")
    return value
