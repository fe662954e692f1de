"""A Realtime brain, its server, and what was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.conversation.brains.hosts import RecordingHost
from tests.conversation.brains.realtime_server import RealtimeServer
from tests.patience import wait_until
from visaged.conversation.brains.protocol import Script, Tool
from visaged.conversation.brains.realtime.brain import RealtimeBrain
from visaged.conversation.brains.realtime.server import Server
from visaged.conversation.brains.realtime.vendors import Vendor
from visaged.metrics import Metrics
from visaged.problems import Problems

SCRIPT = Script("You are a host.", language="en", voice="marin", tools=(Tool("wink", "Wink.", {"type": "object"}),))
OPENAI = Vendor("OpenAI", "ga", transcribes="whisper-1")


class Talk:
    """A brain, its server, and what was told."""

    def __init__(
        self, server: RealtimeServer, vendor: Vendor, *, key: str = "", script: Script = SCRIPT, **how: Any
    ) -> None:
        self.server, self.host, self.problems = server, RecordingHost(), Problems()
        self.metrics = Metrics()
        where = Server(server.url, vendor, lambda: key, "gpt-test")
        self.brain = RealtimeBrain(where, script, self.host, self.metrics, self.problems, **how)
        self.brain.start()

    def until(self, *told: str) -> None:
        def found() -> bool:
            return told in self.host.told if told[1:] else told[0] in self.host.kinds()

        wait_until(found, lambda: f"{told}: {self.host.told}")

    def in_order(self) -> None:
        """All that was sent before has been dealt with."""
        before = self.host.kinds().count("guest_ended")
        self.server.send({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 1, "item_id": "mark"})
        wait_until(lambda: self.host.kinds().count("guest_ended") > before, "the mark")


Make = Callable[..., Talk]


def making() -> Iterator[Make]:
    talks: list[Talk] = []

    def start(server: RealtimeServer | None = None, vendor: Vendor = OPENAI, **how: Any) -> Talk:
        talks.append(Talk(server or RealtimeServer(), vendor, **how))
        return talks[-1]

    yield start
    for talk in talks:
        talk.brain.stop()
        talk.server.close()
        assert talk.server.faults == []
