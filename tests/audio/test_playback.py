"""The playback stage with a speaker of our own: mixing, timing, loss and return."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.fakes import FakeSink
from tests.patience import wait_until
from visaged.audio.errors import DeviceMissing
from visaged.audio.playback import PROBLEM, Playback
from visaged.config.sound import OutputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems


class Tone:
    """A voice that sings at ``hz``."""

    def __init__(self, hz: float, amplitude: float) -> None:
        self.hz, self.amplitude = hz, amplitude

    def position_at(self, time_ns: float) -> float:
        return time_ns * 48e-6

    def read(self, start: int, out: np.ndarray) -> int:
        out[:] = self.amplitude * np.sin(2 * np.pi * self.hz / 48_000 * np.arange(start, start + len(out)))
        return len(out)


def stage(sink: FakeSink, *voices) -> tuple[Playback, Metrics, Problems]:
    metrics, problems = Metrics(), Problems()
    settings = OutputSettings(backend="alsa")
    return Playback(settings, voices, metrics, problems, makers={"alsa": lambda _: sink}), metrics, problems


@pytest.mark.parametrize("rate_hz", [48_000, 44_100])
def test_voices_are_mixed_and_sound_at_the_speakers_time(rate_hz):
    sink = FakeSink(rate_hz=rate_hz)
    playback, metrics, _ = stage(sink, Tone(500, 0.25), Tone(800, 0.5))
    playback.start()
    wait_until(lambda: len(sink.played) > 40)
    playback.stop()
    time_s = np.arange(40 * 480) / rate_hz
    expected = 0.25 * np.sin(2 * np.pi * 500 * time_s) + 0.5 * np.sin(2 * np.pi * 800 * time_s)
    assert np.allclose(np.concatenate(sink.played)[480 : 40 * 480], expected[480:], atol=0.01)
    values = metrics.values()
    assert values["audio.output_starved"] == 0
    assert values["audio.output"] is None


def test_a_missing_speaker_is_said_once_and_taken_when_it_comes():
    sink = FakeSink(fails=[DeviceMissing("no speaker", "Plug it in.")])
    playback, _, problems = stage(sink, Tone(500, 0.25))
    said = []
    problems.listen(lambda problem, is_open: said.append((problem.code, is_open)))
    playback.start()
    wait_until(lambda: sink.played)
    playback.stop()
    assert said == [(PROBLEM, True), (PROBLEM, False)]


def test_an_underrun_is_counted():
    sink = FakeSink()
    playback, metrics, _ = stage(sink, Tone(500, 0.25))
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
