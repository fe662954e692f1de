"""What carries codec messages to the peer and back."""

from __future__ import annotations

from typing import Protocol


class Link(Protocol):
    """Made with a function that takes each message that comes in, on the link's thread."""

    name: str
    """For health and the log: ``udp://10.0.0.7:5004``."""

    def start(self) -> None:
        """Begin; returns at once. What is in the way is a problem, and tried again."""
        ...

    def stop(self) -> None:
        """End; nothing comes in any more."""
        ...

    def send(self, message: bytes) -> bool:
        """Send now or never (any thread, never waits); False when it could not be sent."""
        ...
