"""How servers of the Realtime protocol differ, as data.

Sources: the servers' own documents and the clients of pipecat and livekit-agents, read in November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

Shape = Literal["auto", "ga", "beta", "top"]
"""Of ``session.update``: nested (ga), flat (beta), nested with voice and turns at the top; auto: as the server is."""


@dataclass(frozen=True)
class Vendor:
    """One kind of server."""

    name: str
    shape: Shape = "auto"
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    model: str = ""
    """Where none is set."""
    voice: str = ""
    cancels: bool = True
    """Knows ``response.cancel``."""
    truncates: bool = True
    """Knows ``conversation.item.truncate``."""
    transcribes: str = ""
    """Model of the guest's transcript; empty: the server transcribes by itself, or not at all."""
    renew_after_s: float = 0.0
    """Before it ends a session by itself; 0: it does not."""


_OPENAI: Final = Vendor(
    "OpenAI", "ga", model="gpt-realtime", voice="marin", transcribes="gpt-4o-mini-transcribe", renew_after_s=20 * 60
)

VENDORS: Final[tuple[tuple[str, Vendor], ...]] = (
    ("api.openai.com", _OPENAI),
    (
        ".openai.azure.com",
        Vendor("Azure", "ga", key_header="api-key", key_prefix="", transcribes="whisper-1", renew_after_s=20 * 60),
    ),
    ("api.x.ai", Vendor("xAI", "top", model="grok-voice-latest", renew_after_s=50 * 60)),
    ("api.inworld.ai", Vendor("Inworld", "ga", key_prefix="Basic ")),
    (".aliyuncs.com", Vendor("Alibaba", "beta", renew_after_s=100 * 60)),
)
"""By the end of the host's name."""

OTHER: Final = Vendor("other")
"""LocalAI, vLLM-Omni, speech-to-speech, Speaches: the shape is seen from what they say first."""


def vendor_of(url: str) -> Vendor:
    """The kind of server at ``url``."""
    host = urlsplit(url).hostname or ""
    return next((vendor for end, vendor in VENDORS if host == end or (end[0] == "." and host.endswith(end))), OTHER)
