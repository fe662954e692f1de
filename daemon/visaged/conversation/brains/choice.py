"""The brain that the settings name."""

from __future__ import annotations

from visaged.config import Settings
from visaged.conversation.answer import ConverseError
from visaged.conversation.brains.keys import KeyFileFault, read_key
from visaged.conversation.brains.protocol import Brain, Host, Script
from visaged.conversation.brains.realtime.brain import RealtimeBrain
from visaged.conversation.brains.realtime.server import Server
from visaged.conversation.brains.realtime.vendors import vendor_of
from visaged.conversation.parts import FaceParts


def make_brain(settings: Settings, script: Script, host: Host, parts: FaceParts) -> Brain:
    """Not started. Raises ConverseError."""
    conversation = settings.conversation
    if not conversation.url.startswith(("ws://", "wss://")):
        why = "the brain realtime needs an address: wss://HOST/v1/realtime or ws://HOST:PORT/v1/realtime"
        raise ConverseError(why, "conversation.url")
    _check_key(conversation.api_key_file)
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


def _check_key(file: str) -> None:
    try:
        read_key(file)
    except KeyFileFault as error:
        raise ConverseError(str(error), "conversation.api_key_file") from None
