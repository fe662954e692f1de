"""The brain that the settings name."""

from __future__ import annotations

from visaged.config import Settings
from visaged.config.credential import BRAIN_KEY
from visaged.config.voice.conversation import ChatPart
from visaged.conversation.answer import ConverseError
from visaged.conversation.brains.chat.brain import ChatBrain
from visaged.conversation.brains.chat.parts import BrainPart, Parts
from visaged.conversation.brains.keys import KeyFileFault, read_key
from visaged.conversation.brains.protocol import Brain, Host, Script
from visaged.conversation.brains.realtime.brain import RealtimeBrain
from visaged.conversation.brains.realtime.server import Server
from visaged.conversation.brains.realtime.vendors import vendor_of
from visaged.conversation.parts import FaceParts


def make_brain(settings: Settings, script: Script, host: Host, parts: FaceParts) -> Brain:
    """Not started. Raises ConverseError."""
    if settings.conversation.brain == "chat":
        return _chat(settings, script, host, parts)
    return _realtime(settings, script, host, parts)


def _chat(settings: Settings, script: Script, host: Host, parts: FaceParts) -> Brain:
    chat = settings.conversation.chat

    def part(name: str, wanted: ChatPart) -> BrainPart:
        key = f"conversation.chat.{name}"
        if not wanted.url.startswith(("http://", "https://")) and (wanted.url or name != "tts"):
            raise ConverseError("the brain chat needs an address up to /v1: http://HOST:PORT/v1", f"{key}.url")
        _check_key(wanted.api_key_file, f"{key}.api_key_file", "")
        return BrainPart(wanted.url.rstrip("/"), lambda: read_key(wanted.api_key_file, ""), wanted.model)

    three = Parts(part("stt", chat.stt), part("llm", chat.llm), part("tts", chat.tts))
    return ChatBrain(three, script, host, parts.problems)


def _realtime(settings: Settings, script: Script, host: Host, parts: FaceParts) -> Brain:
    conversation = settings.conversation
    if not conversation.url.startswith(("ws://", "wss://")):
        why = "the brain realtime needs an address: wss://HOST/v1/realtime or ws://HOST:PORT/v1/realtime"
        raise ConverseError(why, "conversation.url")
    _check_key(conversation.api_key_file, "conversation.api_key_file", BRAIN_KEY)
    server = Server(
        conversation.url,
        vendor_of(conversation.url),
        lambda: read_key(conversation.api_key_file),
        conversation.model,
        conversation.ca_file,
    )
    return RealtimeBrain(
        server,
        script,
        host,
        parts.metrics,
        parts.problems,
        server_turns=conversation.turn != "pause",
        interrupt=conversation.barge_in,
    )


def _check_key(file: str, setting: str, credential: str) -> None:
    try:
        read_key(file, credential)
    except KeyFileFault as error:
        raise ConverseError(str(error), setting) from None
