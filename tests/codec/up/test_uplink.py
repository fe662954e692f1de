from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tests.codec.fakes import ToneEncoder
from tests.patience import PATIENCE_S, wait_until
from visaged.audio.ring import AudioRing
from visaged.codec.down.upsample import HOUSE_FRAME
from visaged.codec.frames import CodecMessage, decode
from visaged.codec.up.echo_canceller import NoCancellation
from visaged.codec.up.speech_gate import Always, SpeechGate
from visaged.codec.up.uplink import PROBLEM, Uplink
from visaged.metrics import Metrics
from visaged.problems import Problems

BLOCK = 480
HANG_OVER_MS = 160


class Guest:
    """A microphone that hears what it is told, and the messages that come of it."""

    def __init__(self, *, send_silence: bool = False) -> None:
        self.ring = AudioRing()
        self.encoder = ToneEncoder()
        self.metrics = Metrics()
        self.problems = Problems()
        self.sent: list[CodecMessage] = []
        self.speech: list[bool] = []
        self.heard_ms = 0.0
        self.reachable = True
        self.uplink = Uplink(
            self.ring,
            self.encoder,
            self._send,
            self.metrics,
            self.problems,
            gate=SpeechGate(Always(), level_dbfs=-50, hang_over_ms=HANG_OVER_MS),
            echo_canceller=NoCancellation(),
            send_silence=send_silence,
            on_speech=self.speech.append,
            on_heard=self._heard,
        )

    def _send(self, data: bytes) -> bool:
        self.sent.append(decode(data))
        return self.reachable

    def _heard(self, speaking: bool, duration_ms: float) -> None:
        self.heard_ms += duration_ms

    def hears(self, frames: float, level: float = 0.0) -> None:
        """``frames`` x 80 ms of a tone of that level; waits until it is dealt with."""
        count = round(frames * HOUSE_FRAME)
        tone = level * np.sin(2 * np.pi * 511 * np.arange(count) / 48_000)
        before = self.heard_ms
        for start in range(0, count, 4 * BLOCK):
            self.ring.write(tone[start : start + 4 * BLOCK].astype(np.float32))
            wait_until(lambda start=start: self.heard_ms >= before + min(start + 4 * BLOCK, count) / 48)  # type: ignore[misc]

    @property
    def spoken(self) -> list[CodecMessage]:
        return [message for message in self.sent if len(message.codes)]


@pytest.fixture
def guest() -> Iterator[Guest]:
    guest = Guest()
    guest.uplink.start()
    yield guest
    guest.uplink.stop()


def test_speech_goes_up_with_the_two_frames_before_it_and_silence_is_told_three_times(guest: Guest) -> None:
    guest.hears(5)
    assert not guest.spoken
    guest.sent.clear()
    guest.hears(4, 0.3)
    guest.hears(8)
    first, *others = guest.spoken
    assert first.reset
    assert len(first.codes) == 3
    assert first.codes[-1].max() > first.codes[0].max(), "it begins before the voice"
    assert not any(message.reset for message in others)
    sequences = [message.sequence + at for message in guest.spoken for at in range(len(message.codes))]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    told = guest.sent[guest.sent.index(guest.spoken[-1]) + 1 :]
    assert len(told) == 3
    assert not any(message.speech for message in told)
    assert told[0].sequence == sequences[-1] + 1
    assert guest.speech == [True, False]


def test_each_spurt_begins_with_a_fresh_encoder_and_the_sequence_follows_time(guest: Guest) -> None:
    for _ in range(2):
        guest.hears(4, 0.3)
        guest.hears(20)
    beginnings = [message for message in guest.spoken if message.reset]
    assert len(beginnings) == 2
    assert guest.encoder.resets == 4, "one for nothing, and one ahead"
    assert beginnings[1].sequence - beginnings[0].sequence == pytest.approx(24, abs=2)


def test_while_nobody_speaks_it_says_once_a_second_that_it_lives_and_encodes_nothing(guest: Guest) -> None:
    guest.hears(40)
    assert guest.encoder.steps == 1, "one for nothing"
    assert 3 <= len(guest.sent) <= 3 + 40 // 12
    assert {len(message.codes) for message in guest.sent} == {0}


def test_without_a_microphone_it_still_says_that_it_lives(guest: Guest) -> None:
    wait_until(lambda: len(guest.sent) >= 1)
    assert not guest.sent[0].speech


def test_where_silence_is_wanted_every_frame_goes_up_with_its_flag() -> None:
    guest = Guest(send_silence=True)
    guest.uplink.start()
    guest.hears(5)
    guest.hears(4, 0.3)
    guest.hears(5)
    guest.uplink.stop()
    frames = [(message.sequence, message.speech) for message in guest.spoken]
    assert [sequence for sequence, _ in frames] == list(range(14))
    assert {speech for _, speech in frames} == {True, False}
    assert not frames[0][1]
    assert guest.encoder.resets == 2, "one for nothing"


def test_an_encoder_that_fails_is_a_problem_until_it_works(guest: Guest) -> None:
    step, guest.encoder.step = guest.encoder.step, None  # type: ignore[assignment, method-assign]
    guest.hears(3, 0.3)
    assert [problem.code for problem in guest.problems.current()] == [PROBLEM]
    guest.encoder.step = step  # type: ignore[method-assign]
    guest.hears(2, 0.3)
    assert not guest.problems.current()
    assert guest.spoken[0].reset


def test_a_backlog_is_skipped_and_the_sequence_goes_on_following_time(guest: Guest) -> None:
    guest.hears(4, 0.3)
    guest.ring.skip(HOUSE_FRAME * 100)
    wait_until(lambda: guest.metrics.counter("codec.skipped").value == 1)
    guest.hears(4, 0.3)
    beginnings = [message.sequence for message in guest.spoken if message.reset]
    assert beginnings[-1] >= 100


def test_what_could_not_be_sent_is_counted(guest: Guest) -> None:
    guest.reachable = False
    guest.hears(4, 0.3)
    assert guest.metrics.counter("codec.unsent").value >= 3
    assert guest.metrics.counter("codec.sent").value == 0


def test_stopping_in_the_middle_of_speech_tells_silence(guest: Guest) -> None:
    guest.hears(4, 0.3)
    guest.uplink.cut = True
    guest.uplink.stop()
    assert not guest.sent[-1].speech
    assert guest.sent[-1].cut
    assert guest.speech == [True, False]


def test_every_start_is_a_stream_of_its_own(guest: Guest) -> None:
    before = guest.uplink.stream_id
    guest.uplink.stop()
    guest.uplink.start()
    wait_until(lambda: guest.uplink.stream_id != before)


def test_a_thread_that_hung_in_the_encoder_stays_dead_when_another_run_has_begun(guest: Guest) -> None:
    guest.encoder.hang = hang = threading.Event()
    steps = guest.encoder.steps
    guest.ring.write((0.1 * np.sin(np.arange(2 * HOUSE_FRAME) / 15)).astype(np.float32))
    wait_until(lambda: guest.encoder.steps > steps)
    hung = next(thread for thread in threading.enumerate() if thread.name == "codec-up")
    guest.uplink.stop()
    guest.encoder.hang = None
    guest.uplink.start()
    before = len(guest.spoken)
    hang.set()
    hung.join(PATIENCE_S)
    assert not hung.is_alive()
    assert len(guest.spoken) == before
    assert [thread.name for thread in threading.enumerate()].count("codec-up") == 1
