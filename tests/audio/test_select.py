"""Which source is used, in the order of preference, and that closed sources stay closed."""

from __future__ import annotations

import pytest

from visaged import samples
from visaged.audio.errors import AudioError, DeviceBusy, DeviceMissing
from visaged.audio.select import open_input
from visaged.audio.source import SourceFormat
from visaged.config.sound import InputSettings


class Kind:
    """Makes fake sources of one backend and remembers the settings they were made with."""

    def __init__(self, name: str, fails: AudioError | None = None) -> None:
        self.name = self.backend = name
        self.fails = fails
        self.xruns = 0
        self.notices: list[str] = []
        self.is_open = False
        self.there: set[str] = set()
        """Devices that are there though it fails for all others."""

    def __call__(self, settings: InputSettings):
        self.settings = settings
        self.name = f"portaudio:{settings.device}" if self.backend == "portaudio" else self.backend
        return self

    def open(self):
        if self.fails and self.settings.device not in self.there:
            raise self.fails
        self.is_open = True
        return SourceFormat(48_000, 1, 480, self.name)

    def read(self):
        return None

    def close(self):
        self.is_open = False


MISSING = DeviceMissing("there is no sound device 'default'", "Plug it in.")


def makers(**fails: AudioError):
    return {name: Kind(name, fails.get(name)) for name in ("alsa", "portaudio", "file", "none")}


@pytest.mark.parametrize("backend", ["alsa", "portaudio", "file", "none"])
def test_what_is_named_is_used(backend):
    chosen = open_input(InputSettings(backend=backend), makers=makers())
    assert chosen.source.backend == backend
    assert backend in chosen.reason


def test_auto_takes_the_file_when_there_is_one():
    assert open_input(InputSettings(path="x.wav"), makers=makers()).source.name == "file"


def test_auto_prefers_alsa_then_portaudio():
    assert open_input(InputSettings(), makers=makers()).source.name == "alsa"
    chosen = open_input(InputSettings(), makers=makers(alsa=MISSING))
    assert chosen.source.name == "portaudio:default"
    assert chosen.stands_in
    assert "alsa: there is no sound device" in chosen.reason


def test_auto_waits_for_a_busy_microphone():
    with pytest.raises(DeviceBusy):
        open_input(InputSettings(), demo=True, makers=makers(alsa=DeviceBusy("busy", "Stop it.")))


def test_auto_plays_the_bundled_speech_only_in_the_demo():
    kinds = makers(alsa=MISSING, portaudio=MISSING)
    chosen = open_input(InputSettings(), demo=True, makers=kinds)
    assert chosen.source.name == "file"
    assert kinds["file"].settings.path == str(samples.speech_path())
    assert kinds["file"].settings.loop
    with pytest.raises(DeviceMissing, match="no sound input") as raised:
        open_input(InputSettings(), makers=makers(alsa=MISSING, portaudio=MISSING))
    assert "audio.input.device" in raised.value.remedy


def test_who_had_a_microphone_hears_no_bundled_speech():
    kinds = makers(alsa=MISSING, portaudio=MISSING)
    with pytest.raises(DeviceMissing):
        open_input(InputSettings(), demo=True, used="alsa:default", makers=kinds)


@pytest.mark.parametrize("backend", ["auto", "portaudio"])
def test_what_worked_before_is_asked_for_by_its_own_name(backend):
    kinds = makers(alsa=MISSING)
    settings = InputSettings(backend=backend)
    chosen = open_input(settings, used="portaudio:USB Audio", makers=kinds)
    assert chosen.source.name == "portaudio:USB Audio"
    kinds["portaudio"].fails, kinds["portaudio"].there = MISSING, {"default"}
    chosen = open_input(settings, used="portaudio:USB Audio", makers=kinds)
    assert chosen.source.name == "portaudio:default"
    assert chosen.stands_in


def test_a_name_that_is_set_is_no_stand_in():
    settings = InputSettings(backend="portaudio", device="mic")
    assert not open_input(settings, makers=makers()).stands_in
    assert not open_input(settings, used="portaudio:mic", makers=makers()).stands_in


def test_a_source_that_does_not_open_is_closed():
    kinds = makers(alsa=MISSING)
    kinds["alsa"].is_open = True
    with pytest.raises(DeviceMissing):
        open_input(InputSettings(backend="alsa"), makers=kinds)
    assert not kinds["alsa"].is_open
