"""The outbox: cues arrive as OSC at their time; leases, voices and notices leave in order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import numpy as np
from pythonosc.osc_message import OscMessage

from tests.capsules.fakes import RecordingSink, clip
from tests.capsules.making import capsule
from visaged.capsules.file.capsule import Capsule
from visaged.capsules.file.header import Header, VoiceDelta
from visaged.capsules.playing.side_effects import Notice, Outbox
from visaged.clock import NS_PER_MS, now_ns


def _receiver() -> tuple[socket.socket, str]:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(5)
    return receiver, f"127.0.0.1:{receiver.getsockname()[1]}"


def _drained(outbox: Outbox) -> None:
    done = threading.Event()
    outbox.do(done.set)
    assert done.wait(5)


def test_a_cue_arrives_at_its_time_with_its_arguments() -> None:
    receiver, target = _receiver()
    outbox = Outbox(target, lambda _: None)
    outbox.start()
    due_ns = now_ns() + 60 * NS_PER_MS
    outbox.cue(clip(capsule("HF_WAVE")), 0.75, due_ns)
    message = OscMessage(receiver.recv(2000))
    assert now_ns() >= due_ns
    assert message.address == "/visaged/cue"
    assert message.params == ["HF_WAVE", 0.75, 1000]
    outbox.stop()
    assert outbox.sent == 1
    receiver.close()


def test_cues_leave_in_the_order_of_their_times() -> None:
    receiver, target = _receiver()
    outbox = Outbox(target, lambda _: None)
    outbox.start()
    now = now_ns()
    for cid, delay_ms in (("HF_C", 90), ("HF_A", 30), ("HF_B", 60)):
        outbox.cue(clip(capsule(cid)), 1.0, now + delay_ms * NS_PER_MS)
    assert [OscMessage(receiver.recv(2000)).params[0] for _ in range(3)] == ["HF_A", "HF_B", "HF_C"]
    outbox.stop()
    receiver.close()


def test_a_voice_effect_carries_its_parameters() -> None:
    receiver, target = _receiver()
    outbox = Outbox(target, lambda _: None)
    outbox.start()
    soft = Capsule(Header(cid="VC_SOFT", duration_ms=0, voice_delta=VoiceDelta(breathiness=0.5)))
    outbox.cue(clip(soft), 1.0, 0)
    params = OscMessage(receiver.recv(2000)).params
    assert params[:3] == ["VC_SOFT", 1.0, 0]
    assert params[params.index("breathiness") + 1] == 0.5
    outbox.stop()
    receiver.close()


def test_a_target_that_cannot_be_reached_is_counted() -> None:
    outbox = Outbox("no-such-host.invalid:9000", lambda _: None)
    outbox.start()
    for _ in range(3):
        outbox.cue(clip(capsule("HF_A")), 1.0, 0)
    _drained(outbox)
    outbox.stop()
    assert (outbox.sent, outbox.failed) == (0, 3)


def test_without_a_target_cues_are_dropped() -> None:
    outbox = Outbox("", lambda _: None)
    outbox.start()
    outbox.cue(clip(capsule("HF_A")), 1.0, 0)
    _drained(outbox)
    outbox.stop()
    assert (outbox.sent, outbox.failed) == (0, 0)


def test_voice_lease_and_notice_leave_in_order() -> None:
    order: list[str] = []
    sink = RecordingSink()
    notices: list[Notice] = []

    def note(what: str) -> Callable[[object], None]:
        return lambda _: order.append(what)

    outbox = Outbox("", note("release"), sink, notices.append)
    outbox.start()
    line = clip(capsule("VL_A", pcm=np.arange(500, dtype=np.int16)))
    outbox.speak(line, 123)
    outbox.notify({"kind": "capsule_start"})
    outbox.hush(123, 50)
    outbox.release(line)
    _drained(outbox)
    outbox.stop()
    assert len(sink.played[0][0]) == 500
    assert sink.played[0][1] == 123
    assert sink.stopped == [(123, 50)]
    assert notices == [{"kind": "capsule_start"}]
    assert order == ["release"]
