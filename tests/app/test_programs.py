"""Voices that other programs bring: the real daemon, real pipes, packets decoded."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.devices.card import SoundCards
from tests.devices.fixtures import paced_library, sound_cards
from tests.running import Running
from visaged import samples
from visaged.audio.file_reader import read_all

__all__ = ["paced_library", "sound_cards"]

QUIET_FACE = ("--set=animation.idle=false", "--set=face.prosody=0", "--solver=energy")


def speaks(running: Running) -> None:
    running.wait_for(lambda: bool(running.curve("JawOpen").max(initial=0) > 0.2), "an open mouth")


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: apt-get install espeak-ng")
def test_espeak_moves_the_face(tmp_path: Path) -> None:
    """Its WAV claims a length of 2 GB, and comes at once."""
    with subprocess.Popen(
        ["espeak-ng", "--stdout", "Good morning, everybody. This is a talking face."], stdout=subprocess.PIPE
    ) as espeak:
        assert espeak.stdout is not None
        with Running("--input=-", *QUIET_FACE, log=tmp_path / "log", stdin=espeak.stdout.fileno()) as running:
            speaks(running)
            running.wait_for(lambda: running.curve("JawOpen", 30).max(initial=0) < 0.02, "a closed mouth at the end")
            assert running.stop() == 0


def test_arecord_moves_the_face(tmp_path: Path, sound_cards: SoundCards) -> None:
    """The microphone of another program, raw: a live writer."""
    if shutil.which("arecord") is None:
        pytest.fail("arecord is not installed: apt-get install alsa-utils (make test does it)")
    sound_cards.add("mic", read_all(samples.speech_path()), loop=True)
    command = ["arecord", "-q", "-D", "mic", "-t", "raw", "-f", "S16_LE", "-r", "48000", "-c", "1"]
    raw = ("--format=s16le", "--rate=48000", "--channels=1")
    with subprocess.Popen(command, stdout=subprocess.PIPE) as arecord:
        assert arecord.stdout is not None
        with Running("--input=-", *raw, *QUIET_FACE, log=tmp_path / "log", stdin=arecord.stdout.fileno()) as running:
            speaks(running)
        arecord.terminate()


def test_a_fifo_of_the_settings_outlives_its_writers(tmp_path: Path) -> None:
    """One dies within a sample, one is no sound at all, one speaks."""
    fifo = tmp_path / "voice.fifo"
    settings = ("--set=audio.input.backend=pipe", f"--set=audio.input.path={fifo}")
    speech = samples.speech_path().read_bytes()
    with Running(*settings, *QUIET_FACE, log=tmp_path / "log") as running:
        running.wait_for(fifo.exists, "the FIFO")
        for content in (b"RIFF1234WAVEfmt \x10\0", b"no sound at all, but words"):
            descriptor = os.open(fifo, os.O_WRONLY)
            os.write(descriptor, content)
            os.close(descriptor)
            running.wait_for(lambda: "audio_input_lost" in running.log, "the problem")
        running.wait_for_packets(5)
        assert running.curve("JawOpen").max(initial=0) < 0.02
        with subprocess.Popen(["cat", samples.speech_path()], stdout=fifo.open("wb")) as cat:
            speaks(running)
            cat.kill()
        assert len(speech) > 1 << 16  # not all of it was in the pipe
        running.wait_for(lambda: "audio_input_lost: over" in running.log, "the problem's end")
        assert running.stop() == 0
