"""The settings of a conversation: which brain answers, and how the box takes turns with the guest."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from visaged.config.authority import FILE
from visaged.config.hosts import check_host
from visaged.config.section import Section
from visaged.config.texts import MAX_PATH, FileName, Text, check_text
from visaged.text_form import form

_SCHEMES = ("ws", "wss", "http", "https")

PersonaName = Annotated[str, form(r"^[A-Za-z0-9_-]{1,64}$", "1 to 64 letters, digits, '_' and '-'")]


def check_url(url: str) -> str:
    """Return ``url`` when a brain or a part of one can be there, or it is empty; raises ValueError."""
    if not url:
        return url
    check_text(url)
    words = f"expected a URL such as wss://HOST/PATH; its beginning is one of {', '.join(f'{s}://' for s in _SCHEMES)}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(words) from None
    if parts.scheme not in _SCHEMES or not host or port == 0 or " " in url:
        raise ValueError(words)
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected a URL without a user or password; keys belong in a file of their own (api_key_file)")
    check_host(host)
    return url


Url = Annotated[str, Field(max_length=MAX_PATH), AfterValidator(check_url)]


class ChatPart(Section):
    """One part of the brain ``chat``."""

    url: Annotated[Url, FILE] = Field(
        default="", description="OpenAI-compatible, up to /v1: http://HOST:PORT/v1; tts: empty is espeak-ng here"
    )
    api_key_file: Annotated[FileName, FILE] = Field(default="", description="File with its key; empty: none is sent")
    model: Text = Field(default="", description="Name of the model, or of the voice's model; empty: the server's own")


class ChatSettings(Section):
    """The parts of the brain ``chat``."""

    stt: ChatPart = Field(default=ChatPart(), description="Voice to text")
    llm: ChatPart = Field(default=ChatPart(), description="Text to answer")
    tts: ChatPart = Field(default=ChatPart(), description="Answer to voice; without a url: espeak-ng on this box")


class ConversationSettings(Section):
    """Mode converse with a brain of the owner's choice."""

    # What lets a guest's voice leave the box, and where it goes, is for the box's own file.
    brain: Annotated[Literal["none", "mimi", "realtime", "chat"], FILE] = Field(
        default="none",
        description="realtime: OpenAI's protocol. chat: parts by HTTP. none, mimi: tokens over codec.link",
    )
    url: Annotated[Url, FILE] = Field(
        default="",
        description="Where the brain realtime is: wss://api.openai.com/v1/realtime, ws://HOST:8080/v1/realtime",
    )
    api_key_file: Annotated[FileName, FILE] = Field(
        default="", description="File with its key; empty: systemd credential brain_key, else none is sent"
    )
    ca_file: Annotated[FileName, FILE] = Field(
        default="", description="Certificate, PEM, that a wss:// brain must show; empty: one that the system trusts"
    )
    model: Text = Field(default="", description="Name of the model; empty: the server's own")
    voice: Text = Field(default="", description="Name of the voice; empty: that of the persona, or the brain's own")
    persona: PersonaName = Field(default="host", description="Who the avatar is: visaged personas list")
    turn: Annotated[Literal["auto", "pause", "server"], FILE] = Field(
        default="auto",
        description="Who finds the end of the guest's turn. pause: this box, by a pause. server: the brain; "
        "auto: the brain where it can",
    )
    pause_ms: float = Field(default=700.0, ge=200, le=5000, description="So much silence ends the guest's turn, ms")
    barge_in: bool = Field(default=True, description="The guest may interrupt, after codec.barge_in_ms")
    greet: bool = Field(default=False, description="Say the persona's greeting when the conversation begins")
    listening_face: bool = Field(
        default=True, description="The face listens, thinks and speaks: contexts of the capsules' tables"
    )
    idle_after_s: float = Field(
        default=300.0, ge=0, le=86_400, description="After this much silence the brain forgets the guest, s; 0: never"
    )
    captions: Annotated[bool, FILE] = Field(
        default=False, description="Events caption say what is spoken, by guest and avatar; nothing is kept"
    )
    chat: ChatSettings = Field(default=ChatSettings(), description="The parts of the brain chat")
