"""The playback stage with a speaker of our own: mixing, timing, loss and return."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.fakes import FakeSink, wait_until
from visaged.audio.errors import DeviceMissing
from visaged.audio.playback import PROBLEM, Playback
from visaged.config.schema import OutputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems


class Constant:
    """A voice that always has the same value."""

    def __init__(self, value: float) -> None:
        self.value = value

    def position_at(self, time_ns: float) -> float:
        return time_ns * 48e-6

    def read(self, start: int, out: np.ndarray) -> int:
        out[:] = self.value
        return len(out)


def stage(sink: FakeSink, *voices) -> tuple[Playback, Metrics, Problems]:
    metrics, problems = Metrics(), Problems()
    settings = OutputSettings(backend="alsa")
    return Playback(settings, voices, metrics, problems, makers={"alsa": lambda _: sink}), metrics, problems


@pytest.mark.parametrize("rate_hz", [48_000, 44_100])
def test_voices_are_mixed(rate_hz):
    sink = FakeSink(rate_hz=rate_hz)
    playback, metrics, _ = stage(sink, Constant(0.25), Constant(0.5))
    playback.start()
    wait_until(lambda: len(sink.played) > 20)
    playback.stop()
    assert np.allclose(sink.played[15], 0.75, atol=1e-4)
    values = metrics.values()
    assert values["audio.output_starved"] == 0
    assert values["audio.output"] is None


def test_a_missing_speaker_is_said_once_and_taken_when_it_comes():
    sink = FakeSink(fails=[DeviceMissing("no speaker", "Plug it in.")])
    playback, _, problems = stage(sink, Constant(0.25))
    said = []
    problems.listen(lambda problem, is_open: said.append((problem.code, is_open)))
    playback.start()
    wait_until(lambda: sink.played)
    playback.stop()
    assert said == [(PROBLEM, True), (PROBLEM, False)]


def test_an_underrun_is_counted():
    sink = FakeSink()
    playback, metrics, _ = stage(sink, Constant(0.25))
    playback.start()
    wait_until(lambda: len(sink.played) > 5)
    sink.underruns = 2
    wait_until(lambda: metrics.values()["audio.underruns"] == 2)
    playback.stop()


def test_with_no_output_there_is_no_thread():
    playback = Playback(OutputSettings(), [], Metrics(), Problems())
    playback.start()
    assert playback.alive_ns == 0
    playback.stop()
