"""Capture through the real libasound, by pyalsaaudio and by PortAudio, from cards that misbehave."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.devices.card import SoundCard
from tests.patience import PATIENCE_S, wait_until
from visaged.audio.backends.alsa import AlsaSource
from visaged.audio.backends.portaudio import PortAudioSource
from visaged.audio.capture import PROBLEM, Capture
from visaged.audio.errors import DeviceBusy, DeviceMissing, DeviceUnusable
from visaged.audio.select import Chosen, open_input
from visaged.config.sound import InputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems

SOURCES = {"alsa": AlsaSource, "portaudio": PortAudioSource}

both = pytest.mark.parametrize("backend", SOURCES)


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.9, 0.9, int(48_000 * seconds)).astype(np.float32)


def as_heard(sound: np.ndarray) -> np.ndarray:
    """What a 16-bit card makes of it."""
    return (np.rint(sound * 32767) / 32768).astype(np.float32)


class Stage:
    """A running capture stage on card ``mic``."""

    def __init__(self, backend: str, choose=open_input, **settings) -> None:
        self.metrics, self.problems = Metrics(), Problems()
        self.capture = Capture(
            InputSettings(backend=backend, device="mic", **settings), self.metrics, self.problems, choose=choose
        )

    def __enter__(self):
        self.capture.start()
        return self

    def __exit__(self, *_):
        self.capture.stop()

    def newest(self, count: int) -> tuple[int, np.ndarray]:
        """The newest ``count`` samples, and the index of the first."""
        start, out = self.capture.ring.end - count, np.zeros(count, np.float32)
        assert self.capture.ring.read(start, out) == count
        return start, out

    def hears(self, card: SoundCard, sound: np.ndarray, count: int) -> bool:
        """Whether the newest samples are what the card heard, sample by sample, when it heard it, to a block.

        When the machine is busy with other things, sound is lost and blocks come late: of some moment it must be true.
        """
        start, out = self.newest(count)
        expected = card.frame_at(self.capture.timeline.time_at(start))
        shifts = range(max(int(expected) - 480, 0), int(expected) + 480)
        return any(np.array_equal(out, sound[at : at + count]) for at in shifts)

    def is_on_time(self, zero_ns: float) -> bool:
        """Whether sample 0 is still of the time ``zero_ns``, to a block: the index follows time."""
        return bool(self.capture.timeline.time_at(0) == pytest.approx(zero_ns, abs=10_000_000))


@both
def test_what_is_captured_is_what_was_heard_when_it_was_heard(sound_cards, backend):
    sound = noise(90)
    card = sound_cards.add("mic", sound)
    with Stage(backend) as stage:
        assert stage.capture.ring.wait(30_000, PATIENCE_S)
        wait_until(lambda: stage.hears(card, as_heard(sound), 24_000), look_s=0.1)
        assert stage.metrics.values()["audio.input"] == f"{backend}:mic"


class Dozing:
    """A source whose reader falls asleep for ``seconds`` at the 20th block."""

    def __init__(self, source, seconds: float) -> None:
        self._source, self._seconds, self._reads = source, seconds, 0

    def __getattr__(self, name):
        return getattr(self._source, name)

    def read(self):
        block = self._source.read()
        self._reads += block is not None
        if self._reads == 20:
            self._reads += 1
            time.sleep(self._seconds)
        return block


@both
def test_an_overrun_is_counted_and_the_index_still_follows_time(sound_cards, backend):
    sound = noise(90)
    card = sound_cards.add("mic", sound)

    def choose(settings, *, demo, used):
        chosen = open_input(settings)
        return Chosen(Dozing(chosen.source, 0.8), chosen.format, chosen.reason)

    with Stage(backend, choose) as stage:
        assert stage.capture.ring.wait(4_800, PATIENCE_S)
        zero_ns = stage.capture.timeline.time_at(0)
        wait_until(lambda: stage.metrics.values()["audio.xruns"] >= 1)
        # The first sound after it is behind the gap that was skipped.
        assert stage.capture.ring.wait(stage.capture.ring.end + 1, PATIENCE_S)
        assert stage.capture.ring.wait(stage.capture.ring.end + 9_600, PATIENCE_S)
        wait_until(lambda: stage.hears(card, as_heard(sound), 9_600), look_s=0.1)
        # What was not heard was skipped.
        wait_until(lambda: stage.is_on_time(zero_ns))
        assert not stage.problems.current()


@both
def test_pulled_out_and_back(sound_cards, backend):
    sound = noise(90)
    card = sound_cards.add("mic", sound)
    with Stage(backend) as stage:
        assert stage.capture.ring.wait(9_600, PATIENCE_S)
        zero_ns = stage.capture.timeline.time_at(0)
        card.pull_out()
        wait_until(stage.problems.current)
        assert stage.problems.current()[0].code == PROBLEM
        assert not stage.capture.running
        end = stage.capture.ring.end
        card.put_back()
        wait_until(lambda: not stage.problems.current())
        assert stage.capture.ring.wait(stage.capture.ring.end + 12_000, PATIENCE_S)
        assert stage.capture.ring.end > end + 12_000
        wait_until(lambda: stage.hears(card, as_heard(sound), 9_600), look_s=0.1)
        # The gap was filled.
        wait_until(lambda: stage.is_on_time(zero_ns))


@both
def test_a_wedged_device_is_given_up_and_taken_back(sound_cards, backend):
    card = sound_cards.add("mic", noise(20))
    with Stage(backend) as stage:
        assert stage.capture.ring.wait(4_800, PATIENCE_S)
        card.wedge()
        wait_until(stage.problems.current)
        assert "no sound for" in stage.problems.current()[0].message
        card.put_back()
        wait_until(lambda: not stage.problems.current())


@both
def test_missing_at_boot_then_plugged_in(sound_cards, backend):
    card = sound_cards.add("mic", noise(10))
    card.pull_out()
    with Stage(backend) as stage:
        wait_until(stage.problems.current)
        card.put_back()
        assert stage.capture.ring.wait(4_800, PATIENCE_S)
        assert not stage.problems.current()


def test_a_busy_device_says_so(sound_cards):
    sound_cards.add("mic", noise(1)).hold()
    with pytest.raises(DeviceBusy, match="in use by another program") as raised:
        AlsaSource("mic", 48_000, 10).open()
    assert "fuser" in raised.value.remedy


@both
def test_a_name_that_does_not_exist_says_so(sound_cards, backend):
    sound_cards.add("mic", noise(1))
    with pytest.raises(DeviceMissing, match=r"no sound .*device 'responder'"):
        SOURCES[backend]("responder", 48_000, 10).open()


def test_more_channels_than_make_sense_are_refused(sound_cards):
    sound_cards.add("mic", channels=40, raw=True)
    with pytest.raises(DeviceUnusable, match="40 channels, at most 32") as raised:
        AlsaSource("mic", 48_000, 10).open()
    assert "plughw" in raised.value.remedy


@both
@pytest.mark.parametrize(
    ("rate_hz", "channels", "sample_format"),
    [(44_100, 2, "S16_LE"), (48_000, 2, "S24_3LE"), (16_000, 1, "S32_LE"), (96_000, 4, "FLOAT_LE")],
)
def test_whatever_the_card_offers_becomes_mono_at_48_khz(sound_cards, backend, rate_hz, channels, sample_format):
    tone = 0.5 * np.sin(2 * np.pi * 500 * np.arange(rate_hz) / rate_hz)
    sound = np.repeat(tone[:, None], channels, axis=1).astype(np.float32)
    sound_cards.add("mic", sound, rate_hz=rate_hz, channels=channels, sample_format=sample_format, loop=True, raw=True)
    angle = 2 * np.pi * 500 * np.arange(9_600) / 48_000
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=1)

    def heard() -> bool:
        _, out = stage.newest(9_600)
        weights = np.linalg.lstsq(waves, out.astype(float), rcond=None)[0]
        return np.hypot(*weights) == pytest.approx(0.5, rel=0.01) and np.abs(out - waves @ weights).max() < 1e-3

    with Stage(backend) as stage:
        assert stage.capture.ring.wait(14_400, PATIENCE_S)
        # A machine that is busy with other things loses sound here and there.
        wait_until(heard, "the tone", look_s=0.05)


@both
def test_a_fast_card_is_found_to_be_fast(sound_cards, backend):
    sound_cards.add("mic", noise(1), ppm=1_000, loop=True)
    with Stage(backend) as stage:
        wait_until(lambda: -1_500 < stage.capture.timeline.drift_ppm < -500, "its drift")


def test_auto_takes_the_alsa_card(sound_cards):
    sound_cards.add("mic", noise(10))
    with Stage("auto") as stage:
        assert stage.capture.ring.wait(480, PATIENCE_S)
        assert stage.metrics.values()["audio.input"] == "alsa:mic"


def test_auto_without_any_card_plays_the_bundled_speech_in_the_demo(sound_cards):
    chosen = open_input(InputSettings(), demo=True)
    try:
        assert chosen.source.name == "file:speech.ogg"
        assert "no microphone was found" in chosen.reason
    finally:
        chosen.source.close()


def test_a_missing_device_prints_nothing(sound_cards, capfd):
    with pytest.raises(DeviceMissing):
        AlsaSource("responder", 48_000, 10).open()
    assert capfd.readouterr().err == ""
