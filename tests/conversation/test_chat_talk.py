"""A recorded guest, the brain chat with the voice of this box, and the face, in a whole daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversation.brains.chat_server import ChatServer
from tests.conversation.kiosk import Kiosk, Peer
from tests.conversation.test_talk import guest, states


def test_a_recorded_guest_is_answered_by_the_voice_of_this_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    server, peer = ChatServer(), Peer()
    server.pieces = ["[smile] Good day to you, dear guest. ", "How may I help you today?"]
    kiosk = Kiosk(
        tmp_path,
        peer,
        'device.mode="converse"',
        'conversation.brain="chat"',
        f'conversation.chat.stt.url="{server.url}"',
        f'conversation.chat.llm.url="{server.url}"',
        path=guest(tmp_path, (2, False), (1.0, True), (600, False)),
    )
    try:
        kiosk.until(lambda: states(kiosk)[-1:] == ["speaking"], "the answer")
        kiosk.until(lambda: kiosk.jaw > 0.1, "the mouth to open")
        kiosk.until(lambda: states(kiosk)[-1:] == ["listening"] and kiosk.jaw < 0.03, "the end")
        assert any(event.data.get("cid") == "VF_SMILE_WARM" for event in kiosk.events if event.event == "capsule_start")
        health = kiosk.daemon.control.health.build().conversation
        assert (health.turns, health.interruptions, health.dropped_ms) == (1, 0, 0)
        assert len(server.requests("completions")) == 1
    finally:
        kiosk.daemon.stop()
        server.close()
        peer.close()
