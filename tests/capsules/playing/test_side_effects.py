"""The side_effects: cues arrive as OSC at their time; leases, voices and notices leave in order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from tests.capsules.fakes import RecordingSink, clip
from tests.capsules.making import capsule
from tests.patience import PATIENCE_S
from visaged.capsules.file.capsule import Capsule
from visaged.capsules.file.header import Header, VoiceDelta
from visaged.capsules.playing.side_effects import Notice, SideEffects
from visaged.clock import NS_PER_MS, now_ns


def _receiver() -> tuple[socket.socket, str]:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(PATIENCE_S)
    return receiver, f"127.0.0.1:{receiver.getsockname()[1]}"


def _drained(side_effects: SideEffects) -> None:
    done = threading.Event()
    side_effects.do(done.set)
    assert done.wait(PATIENCE_S)


def test_a_cue_arrives_at_its_time_with_its_arguments() -> None:
    receiver, target = _receiver()
    side_effects = SideEffects(target, lambda _: None)
    side_effects.start()
    due_ns = now_ns() + 60 * NS_PER_MS
    side_effects.cue(clip(capsule("HF_WAVE")), 0.75, due_ns)
    message = OscMessage(receiver.recv(2000))
    assert now_ns() >= due_ns
    assert message.address == "/visaged/cue"
    assert message.params == ["HF_WAVE", 0.75, 1000]
    side_effects.stop()
    assert side_effects.sent == 1
    receiver.close()


def test_cues_leave_in_the_order_of_their_times() -> None:
    receiver, target = _receiver()
    side_effects = SideEffects(target, lambda _: None)
    side_effects.start()
    now = now_ns()
    for cid, delay_ms in (("HF_C", 90), ("HF_A", 30), ("HF_B", 60)):
        side_effects.cue(clip(capsule(cid)), 1.0, now + delay_ms * NS_PER_MS)
    assert [OscMessage(receiver.recv(2000)).params[0] for _ in range(3)] == ["HF_A", "HF_B", "HF_C"]
    side_effects.stop()
    receiver.close()


@pytest.mark.parametrize("target", ["10.0..5:9000", "a\x00b:9000", "\ud800:9000"])
def test_a_name_that_cannot_be_one_does_not_end_the_thread(target: str) -> None:
    released: list[object] = []
    side_effects = SideEffects(target, released.append)
    side_effects.start()
    side_effects.cue(clip(capsule("HF_WAVE")), 1.0, 0)
    side_effects.release(clip(capsule("HF_WAVE")))
    _drained(side_effects)
    assert (side_effects.sent, side_effects.failed) == (0, 1)
    side_effects.stop()


def test_a_voice_effect_carries_its_parameters() -> None:
    receiver, target = _receiver()
    side_effects = SideEffects(target, lambda _: None)
    side_effects.start()
    soft = Capsule(Header(cid="VC_SOFT", duration_ms=0, voice_delta=VoiceDelta(breathiness=0.5)))
    side_effects.cue(clip(soft), 1.0, 0)
    params = OscMessage(receiver.recv(2000)).params
    assert params[:3] == ["VC_SOFT", 1.0, 0]
    assert params[params.index("breathiness") + 1] == 0.5
    side_effects.stop()
    receiver.close()


def test_a_target_that_cannot_be_reached_is_counted() -> None:
    side_effects = SideEffects("no-such-host.invalid:9000", lambda _: None)
    side_effects.start()
    for _ in range(3):
        side_effects.cue(clip(capsule("HF_A")), 1.0, 0)
    _drained(side_effects)
    side_effects.stop()
    assert (side_effects.sent, side_effects.failed) == (0, 3)


def test_without_a_target_cues_are_dropped() -> None:
    side_effects = SideEffects("", lambda _: None)
    side_effects.start()
    side_effects.cue(clip(capsule("HF_A")), 1.0, 0)
    _drained(side_effects)
    side_effects.stop()
    assert (side_effects.sent, side_effects.failed) == (0, 0)


def test_voice_lease_and_notice_leave_in_order() -> None:
    order: list[str] = []
    sink = RecordingSink()
    notices: list[Notice] = []

    def note(what: str) -> Callable[[object], None]:
        return lambda _: order.append(what)

    side_effects = SideEffects("", note("release"), sink, notices.append)
    side_effects.start()
    line = clip(capsule("VL_A", pcm=np.arange(500, dtype=np.int16)))
    side_effects.speak(line, 123)
    side_effects.notify({"kind": "capsule_start"})
    side_effects.hush(123, 50)
    side_effects.release(line)
    _drained(side_effects)
    side_effects.stop()
    assert len(sink.played[0][0]) == 500
    assert sink.played[0][1] == 123
    assert sink.stopped == [(123, 50)]
    assert notices == [{"kind": "capsule_start"}]
    assert order == ["release"]
