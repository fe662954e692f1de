"""The thread: real time, so nothing here asserts how fast it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tests.codec.clicks import find_clicks
from tests.codec.fakes import ToneDecoder, tone_codes
from tests.patience import PATIENCE_S, wait_until
from visaged.audio.ring import AudioRing
from visaged.clock import Timeline, now_ns
from visaged.codec.down.downlink import DECODER_PROBLEM, STOPPED_PROBLEM, Downlink
from visaged.codec.frames import CodecMessage, encode
from visaged.metrics import Metrics
from visaged.problems import Problems

LOUD = tone_codes(0.2, 0.1)


class Box:
    """A downlink and what it was made with."""

    def __init__(self) -> None:
        self.decoder = ToneDecoder()
        self.metrics = Metrics()
        self.problems = Problems()
        self.speech: list[bool] = []
        self.downlink = Downlink(
            self.decoder,
            AudioRing(),
            Timeline(),
            self.metrics,
            self.problems,
            most_wait_ms=240,
            ahead_s=2.0,
            on_speech=self.speech.append,
        )

    def send(self, sequence: int, frames: int = 25, *, speech: bool = True, reset: bool = False) -> None:
        self.downlink.receive(encode(CodecMessage(7, sequence, np.tile(LOUD, (frames, 1)), speech, reset)))

    def sound(self) -> np.ndarray:
        """All that is in the ring."""
        sound = np.zeros(self.downlink.ring.end - self.downlink.ring.oldest, np.float32)
        self.downlink.ring.read(self.downlink.ring.oldest, sound)
        return sound

    def codes(self) -> set[str]:
        return {problem.code for problem in self.problems.current()}


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box()
    box.downlink.start()
    yield box
    box.downlink.stop()


def test_an_answer_becomes_a_voice_and_silence_before_and_after_it(box: Box) -> None:
    wait_until(lambda: box.downlink.ring.end > 4800)
    box.send(0, 10)
    box.send(10, 0, speech=False)
    wait_until(lambda: box.speech == [True, False])
    wait_until(lambda: not box.downlink.speaking)
    sound = box.sound()
    assert not sound[:4800].any()
    assert np.count_nonzero(np.abs(sound) > 0.01) > 10 * 1920
    assert find_clicks(sound[::2]) == []


def test_the_index_follows_time_and_sound_is_there_before_it_is_due(box: Box) -> None:
    box.send(0)
    wait_until(lambda: box.downlink.ring.end > 48_000)

    def is_ahead() -> bool:
        due_ns = box.downlink.timeline.time_at(box.downlink.ring.end)
        return due_ns is not None and due_ns > now_ns()

    # A machine that is busy with other things may hold the thread up, but not for good.
    wait_until(is_ahead, "sound that is not due yet")
    assert abs(box.downlink.timeline.drift_ppm) < 2000


def test_an_interruption_silences_the_rest(box: Box) -> None:
    box.send(0)
    wait_until(lambda: box.downlink.speaking)
    box.downlink.interrupt()
    wait_until(lambda: box.speech == [True, False])
    box.send(25)
    heard, dropped = (box.metrics.counter(f"codec.{name}") for name in ("heard", "dropped"))
    wait_until(lambda: heard.value + dropped.value == 50, "the rest to come to nothing")
    assert not box.downlink.speaking
    assert box.speech == [True, False]
    box.send(50, 0, speech=False)
    box.send(60, 2, reset=True)
    wait_until(lambda: box.speech[:3] == [True, False, True], "the next speech")


def test_a_peer_that_stops_is_a_problem_until_it_speaks_again(box: Box) -> None:
    box.send(0, 2)
    wait_until(lambda: STOPPED_PROBLEM in box.codes())
    box.send(40, 2)
    wait_until(lambda: STOPPED_PROBLEM not in box.codes())


def test_a_decoder_that_fails_is_a_problem_and_the_voice_goes_on(box: Box) -> None:
    box.decoder.fail = RuntimeError("no memory")
    box.send(0)
    wait_until(lambda: DECODER_PROBLEM in box.codes())
    box.decoder.fail = None
    wait_until(lambda: DECODER_PROBLEM not in box.codes())
    wait_until(lambda: bool(np.abs(box.sound()).max() > 0.05))


def test_it_can_be_stopped_and_started_again(box: Box) -> None:
    box.send(0, 2)
    wait_until(lambda: box.downlink.speaking)
    box.downlink.stop()
    assert not box.downlink.timeline.running
    end = box.downlink.ring.end
    box.downlink.start()
    wait_until(lambda: box.downlink.ring.end > end)


def test_nonsense_is_counted_and_changes_nothing(box: Box) -> None:
    for data in (b"", b"\xff" * 1500, encode(CodecMessage(1, 0, np.zeros((3, 4), np.uint16)))):
        box.downlink.receive(data)
    assert box.metrics.counter("codec.refused").value == 3
    assert "codebooks: 4" in box.downlink.refusal
    assert box.speech == []


def test_a_thread_that_hung_in_the_decoder_stays_dead_when_another_run_has_begun(box: Box) -> None:
    box.decoder.hang = hang = threading.Event()
    steps = box.decoder.steps
    box.send(0)
    wait_until(lambda: box.decoder.steps > steps)
    hung = next(thread for thread in threading.enumerate() if thread.name == "codec-down")
    box.downlink.stop()
    box.decoder.hang = None
    box.downlink.start()
    hang.set()
    hung.join(PATIENCE_S)
    assert not hung.is_alive()
    assert [thread.name for thread in threading.enumerate()].count("codec-down") == 1
