"""The capture stage with scripted sources: gaps, overruns, loss and return, hanging drivers, mute, odd rates."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import soundfile

from tests.audio.fakes import FakeSource, block
from tests.patience import PATIENCE_S, wait_until
from visaged.audio.capture import PROBLEM, Capture
from visaged.audio.errors import DeviceLost, DeviceMissing
from visaged.audio.select import Chosen
from visaged.audio.source import Block
from visaged.config.sound import InputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems

MS = 1_000_000
LOST = DeviceLost("it is gone", "Plug it in.")


class Rig:
    """A capture stage whose sources come from a list; an error in the list is raised instead of opening."""

    def __init__(self, *sources, settings: InputSettings | None = None) -> None:
        self.metrics, self.problems = Metrics(), Problems()
        self.said: list[tuple[str, bool]] = []
        self.problems.listen(lambda problem, is_open: self.said.append((problem.code, is_open)))
        self._sources = list(sources)
        self.capture = Capture(settings or InputSettings(), self.metrics, self.problems, choose=self._choose)

    def _choose(self, settings, *, demo, used) -> Chosen:
        source = self._sources.pop(0)
        if isinstance(source, Exception):
            raise source
        return Chosen(source, source.open(), "test")

    def heard(self, start: int, count: int) -> np.ndarray:
        out = np.full(count, np.nan, np.float32)
        assert self.capture.ring.read(start, out) == count
        return out

    def __enter__(self):
        self.capture.start()
        return self

    def __exit__(self, *_):
        self.capture.stop()


def blocks(value: float, start_ns: int, count: int) -> list[Block]:
    return [block(value, start_ns + (number + 1) * 10 * MS) for number in range(count)]


class Stereo(FakeSource):
    """Two wires of one channel are swapped."""

    def open(self):
        return super().open()._replace(channels=2)

    def read(self):
        block = super().read()
        return block and block._replace(frames=np.concatenate([block.frames, -block.frames], axis=1))


def test_channels_that_cancel_are_logged_once(caplog):
    with Rig(Stereo(blocks(0.5, 1000 * MS, 60))) as rig:
        assert rig.capture.ring.wait(60 * 480, PATIENCE_S)
    said = [record.getMessage() for record in caplog.records if "cancel" in record.getMessage()]
    assert len(said) == 1
    assert said[0].startswith("fake:source: its channels cancel each other")


def test_blocks_reach_the_ring_and_time_is_known():
    with Rig(FakeSource(blocks(0.5, 1000 * MS, 20))) as rig:
        assert rig.capture.ring.wait(9600, PATIENCE_S)
        assert (rig.heard(0, 9600) == 0.5).all()
        assert rig.capture.timeline.time_at(0) == pytest.approx(1000 * MS, abs=1000)
        assert rig.capture.timeline.index_at(1200 * MS) == pytest.approx(9600, abs=1)
        wait_until(lambda: rig.metrics.values()["audio.blocks"] == 20)
        assert rig.capture.last_block_ns == 1200 * MS
        values = rig.metrics.values()
        assert values["audio.input"] == "fake:source"
        assert values["audio.level_dbfs"] == pytest.approx(-3.1, abs=2)
    assert rig.metrics.values()["audio.input"] is None
    assert not rig.capture.running


def test_after_an_overrun_the_index_still_follows_time():
    script = [*blocks(0.5, 0, 10), 1, *blocks(0.25, 350 * MS, 10)]
    with Rig(FakeSource(script)) as rig:
        assert rig.capture.ring.wait(45 * 480, PATIENCE_S)
        assert (rig.heard(0, 4800) == 0.5).all()
        assert (rig.heard(4800, 12_000) == 0).all()  # 250 ms
        assert (rig.heard(16_800, 4800) == 0.25).all()
        assert rig.metrics.values()["audio.xruns"] == 1
        assert rig.capture.timeline.index_at(400 * MS) == pytest.approx(19_200, abs=48)


def test_a_lost_device_is_said_once_and_taken_back_with_the_index_on_time():
    first = FakeSource([*blocks(0.5, 0, 10), LOST])
    back = FakeSource(blocks(0.25, 2000 * MS, 10))
    with Rig(first, DeviceMissing("none", "Plug."), DeviceMissing("none", "Plug."), back) as rig:
        wait_until(rig.problems.current)
        assert not rig.capture.running
        assert rig.capture.timeline.index_at(0) is None
        assert rig.problems.current()[0].code == PROBLEM
        assert rig.problems.current()[0].remedy == "Plug it in."
        assert rig.capture.ring.wait(100_800, PATIENCE_S)
        assert (rig.heard(96_000, 4800) == 0.25).all()
        assert rig.said == [(PROBLEM, True), (PROBLEM, False)]
        assert first.closed == 1


def test_missing_at_boot_then_there():
    with Rig(DeviceMissing("none", "Plug."), FakeSource(blocks(0.5, 0, 5))) as rig:
        assert rig.capture.ring.wait(2400, PATIENCE_S)
        assert rig.said == [(PROBLEM, True), (PROBLEM, False)]


def test_a_microphone_that_never_came_is_not_over_at_the_end():
    with Rig(*[DeviceMissing("none", "Plug.")] * 20) as rig:
        wait_until(rig.problems.current)
    assert rig.said == [(PROBLEM, True)]
    assert rig.problems.current()


def test_what_was_wrong_with_a_device_that_nobody_wants_any_longer_is_forgotten():
    with Rig(DeviceMissing("none", "Plug."), *[FakeSource([])] * 2) as rig:
        wait_until(rig.problems.current)
        rig.capture.reconfigure(InputSettings(backend="none"))
        assert not rig.problems.current()


def test_restarting_in_place_goes_on_with_the_index():
    rig = Rig(FakeSource(blocks(0.5, 0, 10)), FakeSource(blocks(0.25, 500 * MS, 10)))
    with rig:
        assert rig.capture.ring.wait(4800, PATIENCE_S)
    with rig:
        assert rig.capture.ring.wait(28_800, PATIENCE_S)
        assert (rig.heard(24_000, 4800) == 0.25).all()


def test_a_hanging_driver_does_not_hold_up_stop_nor_write_later():
    driver = threading.Event()
    hanging = FakeSource([*blocks(0.5, 0, 2), driver, *blocks(0.5, 20 * MS, 50)])
    rig = Rig(hanging, FakeSource(blocks(0.25, 100 * MS, 3)))
    rig.capture.start()
    assert rig.capture.ring.wait(960, PATIENCE_S)
    rig.capture.stop()  # comes back, though the driver does not
    assert not rig.capture.running
    rig.capture.start()
    assert rig.capture.ring.wait(4800 + 1440, PATIENCE_S)
    driver.set()
    wait_until(lambda: hanging.closed)
    assert rig.capture.ring.end == 4800 + 1440
    assert rig.capture.running
    rig.capture.stop()


def test_mute_is_silence_of_the_same_length():
    source = FakeSource(blocks(0.5, 0, 10))
    rig = Rig(source)
    rig.capture.mute = True
    with rig:
        assert rig.capture.ring.wait(4800, PATIENCE_S)
        assert not rig.heard(0, 4800).any()


def test_gain_and_clipping():
    with Rig(FakeSource(blocks(0.5, 0, 10)), settings=InputSettings(gain_db=12)) as rig:
        assert rig.capture.ring.wait(4800, PATIENCE_S)
        assert (rig.heard(0, 4800) == 1.0).all()
        wait_until(lambda: rig.metrics.values()["audio.clipped"] == 4800)


def test_samples_that_are_not_numbers_are_counted():
    with Rig(FakeSource(blocks(float("nan"), 0, 3))) as rig:
        assert rig.capture.ring.wait(1440, PATIENCE_S)
        assert not rig.heard(0, 1440).any()
        assert rig.metrics.values()["audio.bad_samples"] == 1440


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_resampled_sound_keeps_its_time(rate_hz):
    """A click heard at 500 ms is found at the index of 500 ms, though the resampler held it back."""
    count = rate_hz // 100
    script = []
    for number in range(100):
        frames = np.zeros((count, 1), np.float32)
        if number == 50:
            frames[0] = 1
        script.append(Block(frames, (number + 1) * 10 * MS))
    with Rig(FakeSource(script, rate_hz)) as rig:
        wait_until(lambda: rig.metrics.values()["audio.blocks"] == 100)
        sound = rig.heard(0, rig.capture.ring.end)
        assert rig.capture.timeline.time_at(int(np.argmax(sound))) == pytest.approx(500 * MS, abs=0.2 * MS)
        assert rig.metrics.values()["audio.resampler_ms"] > 0


def test_without_a_device_it_shows_signs_of_life():
    with Rig(*[DeviceMissing("none", "Plug.")] * 20) as rig:
        wait_until(rig.problems.current)
        seen = rig.capture.alive_ns
        wait_until(lambda: rig.capture.alive_ns > seen)


def real(settings: InputSettings) -> Rig:
    rig = Rig()
    rig.capture = Capture(settings, rig.metrics, rig.problems)
    return rig


def test_a_file_plays_in_real_time_and_then_silence_goes_on(tmp_path, caplog):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(9600, 0.5), 48_000)
    with real(InputSettings(backend="file", path=str(path))) as rig, caplog.at_level("WARNING"):
        assert rig.capture.ring.wait(19_200, PATIENCE_S)
        assert rig.heard(0, 9600) == pytest.approx(0.5, abs=1e-4)
        assert not rig.heard(9600, 4800).any()
        assert abs(rig.metrics.values()["audio.drift_ppm"]) < 1
    assert "has ended" in caplog.text


def test_a_bad_file_is_a_problem_and_nothing_else(tmp_path):
    path = tmp_path / "a.wav"
    path.write_text("no sound")
    with real(InputSettings(backend="file", path=str(path))) as rig:
        wait_until(rig.problems.current)
        assert "cannot be read" in rig.problems.current()[0].message


def test_a_source_that_is_silent_is_opened_anew_and_the_problem_ends_with_sound():
    """Eleven seconds of blocks, all there at once: time is what the blocks say."""
    silent = FakeSource(blocks(0.0, 0, 1_100))
    room = [Block(np.array([[0.1], [0.2]], np.float32), 12_000 * MS)]
    back = threading.Event()
    with Rig(silent, FakeSource([block(0.0, 11_100 * MS), back, *room])) as rig:
        wait_until(lambda: silent.closed)
        assert rig.metrics.values()["audio.blocks"] >= 1_000
        wait_until(lambda: rig.said == [("audio_input_silent", True)])
        back.set()
        wait_until(lambda: rig.said == [("audio_input_silent", True), ("audio_input_silent", False)])


def test_muting_is_not_the_microphones_silence():
    rig = Rig(FakeSource([Block(np.array([[0.1], [0.2]] * 240, np.float32), n * 10 * MS) for n in range(1, 1_200)]))
    rig.capture.mute = True
    with rig:
        wait_until(lambda: rig.metrics.values()["audio.blocks"] == 1_199)
    assert not rig.said


def test_backend_none_hears_nothing():
    with real(InputSettings(backend="none")) as rig:
        wait_until(lambda: rig.metrics.values()["audio.input"] == "none")
        assert not rig.capture.running
        assert rig.capture.ring.end == 0
        assert not rig.problems.current()
