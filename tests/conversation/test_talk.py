"""A conversation with a brain in a whole daemon, in this process; the brain's server is at the end of a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conversation.brains.realtime_server import RealtimeServer, tone
from tests.conversation.kiosk import Kiosk, Peer
from visaged.conversation import session
from visaged.conversation.answer import ConverseError


@pytest.fixture
def server() -> Iterator[RealtimeServer]:
    server = RealtimeServer()
    yield server
    server.close()
    assert server.faults == []


@pytest.fixture
def make(tmp_path: Path, server: RealtimeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Kiosk]]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    kiosks: list[Kiosk] = []
    peer = Peer()

    def start(*items: str, **options: Any) -> Kiosk:
        brain = ('device.mode="converse"', 'conversation.brain="realtime"', f'conversation.url="{server.url}"')
        kiosks.append(Kiosk(tmp_path, peer, *brain, *items, **options))
        return kiosks[-1]

    yield start
    for kiosk in kiosks:
        kiosk.daemon.stop()
    peer.close()


def guest(folder: Path, *pieces: tuple[float, bool]) -> Path:
    """A recorded guest: (seconds, speaks)."""
    sound = [np.frombuffer(tone(seconds, 48_000) if speaks else bytes(2 * round(seconds * 48_000)), "<i2")
             for seconds, speaks in pieces]  # fmt: skip
    soundfile.write(folder / "recorded.wav", np.concatenate(sound), 48_000)
    return folder / "recorded.wav"


def states(kiosk: Kiosk) -> list[str]:
    return [event.data["state"] for event in kiosk.events if event.event == "conversation"]


def connected(kiosk: Kiosk) -> None:
    kiosk.until(lambda: kiosk.daemon.control.health.build().conversation.state == "listening", "the brain")


def test_a_recorded_guest_is_answered_and_the_face_follows_the_answer(
    make: Callable[..., Kiosk], server: RealtimeServer, tmp_path: Path
) -> None:
    kiosk = make(path=guest(tmp_path, (1, False), (1.5, True), (600, False)))

    def loud() -> bool:
        return bool(np.abs(np.frombuffer(server.sound(), "<i2")).max(initial=0) > 3_000)

    kiosk.until(loud, "the guest at the brain")
    assert kiosk.jaw < 0.03, "the guest does not move the face"
    server.guest_begins()
    kiosk.until(lambda: states(kiosk)[-1:] == ["hearing"], "that it hears")
    server.guest_ends()
    kiosk.until(lambda: states(kiosk)[-1:] == ["thinking"], "that it thinks")
    server.answer(1.5)
    kiosk.until(lambda: kiosk.jaw > 0.1, "the mouth to open")
    kiosk.until(lambda: kiosk.kinds()[-1] == "answer_end", "the end")
    kiosk.until(lambda: kiosk.jaw < 0.03, "the mouth to close")
    assert states(kiosk)[-4:] == ["hearing", "thinking", "speaking", "listening"]
    health = kiosk.daemon.control.health.build()
    assert health.conversation.brain == f"realtime at 127.0.0.1:{server.port}"
    assert health.conversation.turns == 1
    assert health.conversation.starved == health.conversation.dropped_ms == 0
    assert health.conversation.first_sound_p50_ms is not None
    assert health.codec.link is None


def test_the_guest_cuts_in_and_the_brain_is_told_exactly_what_was_heard(
    make: Callable[..., Kiosk], server: RealtimeServer
) -> None:
    kiosk = make()
    connected(kiosk)
    server.answer(30.0)
    kiosk.until(lambda: kiosk.jaw > 0.1, "the mouth to open")
    talk = kiosk.daemon.stages.converse._conversation
    kiosk.until(lambda: talk.mouth.buffer.waiting < 28 * 24_000, "two seconds of it")
    server.guest_begins()
    truncate = server.until("conversation.item.truncate")
    stages = kiosk.daemon.stages
    laid = np.count_nonzero(np.abs(_ring(stages.converse._answer.ring)) > 1e-4)
    delay_ms = stages.animation.budget_ns / 1e6 + 25
    assert truncate["audio_end_ms"] <= laid / 48 + 10, "never more than was laid"
    assert truncate["audio_end_ms"] >= laid / 48 - delay_ms - 60, "nor much less than has left the speaker"
    kiosk.until(lambda: kiosk.jaw < 0.03, "the mouth to close")
    assert "barge_in" in kiosk.kinds()
    assert talk.mouth.buffer.waiting == 0
    server.delta(tone(1.0))
    server.guest_ends()
    kiosk.until(lambda: states(kiosk)[-1] == "thinking", "that it thinks")
    assert talk.mouth.buffer.waiting == 0, "late sound of the answer that was cut is not wanted"


def _ring(ring: Any) -> Any:
    sound = np.zeros(ring.end - ring.oldest, np.float32)
    ring.read(ring.oldest, sound)
    return sound


def test_with_turns_of_its_own_the_box_sends_speech_alone_with_its_beginning(
    make: Callable[..., Kiosk], server: RealtimeServer, tmp_path: Path
) -> None:
    kiosk = make('conversation.turn="pause"', path=guest(tmp_path, (2, False), (1.0, True), (600, False)))
    server.until("response.create")
    kiosk.until(lambda: states(kiosk)[-1:] == ["thinking"], "that it thinks")
    sound = np.frombuffer(server.sound(), "<i2")
    loud = np.flatnonzero(np.abs(sound) > 1_000)
    assert len(loud)
    assert 0.95 < (loud[-1] - loud[0]) / 24_000 < 1.05, "all of it"
    assert loud[0] > 0, "the pre-roll came first"
    assert len(sound) < 3.5 * 24_000, "silence is not sent"
    server.answer(0.5)
    kiosk.until(lambda: states(kiosk)[-1] == "speaking", "the answer")


def test_a_cough_lowers_the_voice_and_does_not_stop_it(
    make: Callable[..., Kiosk], server: RealtimeServer, tmp_path: Path
) -> None:
    path = guest(tmp_path, (1, False), (0.15, True), (600, False))
    kiosk = make('conversation.turn="pause"', "codec.barge_in_ms=2000", "audio.input.loop=false")
    connected(kiosk)
    server.answer(20.0)
    kiosk.until(lambda: kiosk.jaw > 0.1, "the mouth to open")
    stages = kiosk.daemon.stages
    ducked: list[float] = []
    speaker = stages.converse._answer.speaker
    settings = stages.settings.audio.input.model_copy(update={"path": str(path)})
    stages.capture.reconfigure(settings)
    kiosk.until(lambda: ducked.append(speaker._wanted) or min(ducked) < 1.0, "it to step back")
    kiosk.until(lambda: speaker._wanted == 1.0, "it to go on")
    assert "barge_in" not in kiosk.kinds()
    assert states(kiosk)[-1] == "speaking"
    assert "response.cancel" not in server.types()


def test_a_brain_that_does_not_answer_is_a_problem_and_the_box_listens_again(
    make: Callable[..., Kiosk], server: RealtimeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_ANSWER_WITHIN_NS", 50_000_000)
    kiosk = make()
    connected(kiosk)
    server.guest_begins()
    server.guest_ends()
    kiosk.until(lambda: session.SILENT_PROBLEM in kiosk.problems, "the problem")
    kiosk.until(lambda: states(kiosk)[-1] == "listening", "that it listens")
    server.answer(0.3)
    kiosk.until(lambda: session.SILENT_PROBLEM not in kiosk.problems, "it to be over")


def test_a_brain_that_is_gone_is_a_problem_and_what_it_had_sent_is_said(
    make: Callable[..., Kiosk], server: RealtimeServer
) -> None:
    kiosk = make()
    connected(kiosk)
    server.begin()
    server.delta(tone(1.0))
    kiosk.until(lambda: kiosk.jaw > 0.1, "the mouth to open")
    assert server.connection is not None
    server.connection.close_socket()
    kiosk.until(lambda: kiosk.kinds()[-1] == "answer_end", "the rest of it")
    kiosk.until(lambda: len(server.paths) == 2, "it to come back")
    kiosk.until(lambda: session.LOST_PROBLEM not in kiosk.problems, "the problem to be over")
    assert kiosk.daemon.control.health.build().conversation.losses == 1


def test_an_hour_of_silence_and_the_next_guest_is_a_new_one(make: Callable[..., Kiosk], server: RealtimeServer) -> None:
    kiosk = make("conversation.idle_after_s=0.2")
    connected(kiosk)
    server.guest_begins()
    server.guest_ends()
    server.answer(0.2)
    server.until("session.update", 2)
    assert "conversation.item.create" not in server.types()


def test_captions_are_told_only_where_they_are_asked_for(make: Callable[..., Kiosk], server: RealtimeServer) -> None:
    kiosk = make("conversation.captions=true")
    connected(kiosk)
    server.answer(0.3, text="Good day\x1b[2J to you")
    kiosk.until(lambda: any(event.event == "caption" for event in kiosk.events), "the caption")
    caption = next(event for event in kiosk.events if event.event == "caption")
    assert caption.data == {"who": "avatar", "text": "Good day\\x1b[2J to you"}


def test_a_tool_call_shows_on_the_face(make: Callable[..., Kiosk], server: RealtimeServer) -> None:
    kiosk = make()
    connected(kiosk)
    call = {"response_id": "r1", "item_id": "f1", "output_index": 0, "call_id": "c1", "name": "play_capsule"}
    server.send({"type": "response.function_call_arguments.done", **call, "arguments": '{"expression": "smile"}'})
    # Its end is enough: what was shown a moment before goes on, and does not start again.
    kinds = ("capsule_start", "capsule_end")
    kiosk.until(lambda: any(event.event in kinds and "SMILE" in str(event.data) for event in kiosk.events), "the smile")
    assert server.until("conversation.item.create")["item"]["output"] == "done"


@pytest.mark.parametrize(
    ("items", "key"),
    [
        (('conversation.url=""',), "conversation.url"),
        (('conversation.url="http://127.0.0.1:9/v1"',), "conversation.url"),
        (('conversation.persona="nobody"',), "conversation.persona"),
        (('conversation.api_key_file="/no/such/key"',), "conversation.api_key_file"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_opened(
    make: Callable[..., Kiosk], server: RealtimeServer, items: tuple[str, ...], key: str
) -> None:
    kiosk = make(*items, 'device.mode="mirror"')
    with pytest.raises(ConverseError) as refused:
        kiosk.daemon.stages.converse.use("converse")
    assert refused.value.key == key
    assert server.paths == []
