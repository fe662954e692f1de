"""Devices that are pulled out while another one is there: which is used, what is said, and that the first comes back.

Before, a microphone that was pulled ended in lasting silence without a problem: PortAudio's default had become another
card, whose silence was taken for a quiet room.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.devices.card import SoundCard, SoundCards
from tests.patience import PATIENCE_S, wait_until
from visaged.audio import capture, playback
from visaged.audio.capture import Capture
from visaged.audio.playback import Playback
from visaged.audio.watch import silence
from visaged.config.sound import InputSettings, OutputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems

_RNG = np.random.default_rng(0)
NOISE = _RNG.uniform(-0.5, 0.5, 48_000).astype(np.float32)
ZEROS = np.zeros(48_000, np.float32)

auto_and_portaudio = pytest.mark.parametrize(
    ("backend", "name"), [("auto", "alsa:default"), ("portaudio", "portaudio:default")]
)


class Ears:
    """A running capture stage, and what it says."""

    def __init__(self, backend: str, *, demo: bool = False, **settings: object) -> None:
        self.metrics, self.problems = Metrics(), Problems()
        chosen = InputSettings.model_validate({"backend": backend, **settings})
        self.capture = Capture(chosen, self.metrics, self.problems, demo=demo)

    def __enter__(self) -> Ears:
        self.capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.capture.stop()

    @property
    def codes(self) -> set[str]:
        return {problem.code for problem in self.problems.current()}

    @property
    def input(self) -> object:
        return self.metrics.values()["audio.input"]

    def wait_for(self, name: str | None, *codes: str) -> None:
        wait_until(lambda: (self.input, self.codes) == (name, set(codes)))

    def wait_for_sound(self) -> None:
        self.capture.ring.wait(self.capture.ring.end + 4_800, PATIENCE_S)
        out = np.zeros(2_400, np.float32)
        self.capture.ring.read(self.capture.ring.end - 2_400, out)
        assert out.any()


@auto_and_portaudio
def test_a_silent_card_is_no_substitute_and_the_microphone_comes_back(sound_cards, backend, name):
    mic = sound_cards.add("default", NOISE, loop=True)
    sound_cards.add("line", ZEROS, loop=True)
    with Ears(backend) as ears:
        ears.wait_for(name)
        ears.wait_for_sound()
        mic.pull_out()
        ears.wait_for("portaudio:line", capture.PROBLEM)
        mic.put_back()
        ears.wait_for(name)
        ears.wait_for_sound()


@auto_and_portaudio
def test_another_card_that_hears_is_used_meanwhile_and_named(sound_cards, backend, name):
    mic = sound_cards.add("default", NOISE, loop=True)
    sound_cards.add("line", NOISE, loop=True)
    with Ears(backend) as ears:
        ears.wait_for(name)
        ears.wait_for_sound()
        mic.pull_out()
        ears.wait_for("portaudio:line", capture.STAND_IN_PROBLEM)
        assert ears.problems.current()[0].message == f"'portaudio:line' is used instead of '{name}', which is gone"
        ears.wait_for_sound()
        mic.put_back()
        ears.wait_for(name)


def test_the_bundled_speech_gives_way_to_a_microphone_and_does_not_come_back(sound_cards):
    mic = sound_cards.add("default", NOISE, loop=True)
    mic.pull_out()
    with Ears("auto", demo=True) as ears:
        ears.wait_for("file:speech.ogg")
        mic.put_back()
        ears.wait_for("alsa:default")
        ears.wait_for_sound()
        mic.pull_out()
        ears.wait_for(None, capture.PROBLEM)
        mic.put_back()
        ears.wait_for("alsa:default")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Absolute silence is noticed after half a second of it."""
    monkeypatch.setattr(silence, "_FIRST_S", 0.5)
    return


@auto_and_portaudio
def test_it_comes_back_though_the_kernel_knows_nothing_of_it(sound_cards, impatient, backend, name):
    """As a Bluetooth microphone or that of a sound server: no card comes or goes."""
    mic = sound_cards.add("default", NOISE, loop=True)
    sound_cards.add("line", ZEROS, loop=True)
    mic.nodes = ()
    with Ears(backend) as ears:
        ears.wait_for(name)
        ears.wait_for_sound()
        mic.pull_out()
        ears.wait_for("portaudio:line", capture.PROBLEM, silence.PROBLEM)
        mic.put_back()
        ears.wait_for(name)


@pytest.mark.parametrize("backend", ["alsa", "portaudio", "auto"])
def test_a_microphone_that_delivers_nothing_but_zeros_is_a_problem(sound_cards, impatient, backend):
    mic = sound_cards.add("default", ZEROS, loop=True)
    with Ears(backend) as ears:
        wait_until(lambda: silence.PROBLEM in ears.codes)
        problem = ears.problems.current()[0]
        assert "nothing but absolute silence" in problem.message
        assert "mute" in problem.remedy
        # A room: the last bit of the converter is enough.
        mic.hear((_RNG.integers(-1, 2, 48_000) / 32767).astype(np.float32))
        wait_until(lambda: not ears.codes)


def test_a_digital_line_may_be_silent(sound_cards, impatient):
    sound_cards.add("default", ZEROS, loop=True)
    with Ears("alsa", may_be_silent=True) as ears:
        assert ears.capture.ring.wait(48_000 * 3 // 2, PATIENCE_S)
        assert not ears.codes


def test_a_microphone_that_comes_after_portaudio_has_read_its_devices(sound_cards):
    """Though the speaker has a stream open all the time, without which PortAudio would read them anew."""
    sound_cards.add("speaker", ZEROS, loop=True)
    mic = sound_cards.add("mic", NOISE, loop=True)
    mic.pull_out()
    metrics, problems = Metrics(), Problems()
    mouth = Playback(OutputSettings(backend="portaudio", device="speaker"), [], metrics, problems)
    mouth.start()
    wait_until(lambda: metrics.values()["audio.output"] == "portaudio:speaker")
    try:
        with Ears("portaudio", device="mic") as ears:
            wait_until(lambda: capture.PROBLEM in ears.codes)
            mic.put_back()
            ears.wait_for("portaudio:mic")
            wait_until(lambda: metrics.values()["audio.output"] == "portaudio:speaker")
            assert not problems.current()
    finally:
        mouth.stop()


def seconds_played(card: SoundCard) -> float:
    return card.outfile.stat().st_size / 2 / 48_000


def test_a_speaker_that_is_pulled_out_is_gone_back_to(sound_cards: SoundCards):
    speaker, screen = sound_cards.add("default"), sound_cards.add("screen")
    metrics, problems = Metrics(), Problems()
    mouth = Playback(OutputSettings(backend="portaudio"), [], metrics, problems)
    mouth.start()
    try:
        wait_until(lambda: seconds_played(speaker) > 0)
        speaker.pull_out()
        wait_until(lambda: seconds_played(screen) > 0)
        wait_until(lambda: [problem.code for problem in problems.current()] == [playback.STAND_IN_PROBLEM])
        assert "'portaudio:screen' is used instead of 'portaudio:default'" in problems.current()[0].message
        before = seconds_played(speaker)
        speaker.put_back()
        wait_until(lambda: seconds_played(speaker) > before)
        wait_until(lambda: not problems.current())
    finally:
        mouth.stop()
