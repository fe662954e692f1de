"""RHVoice's sentences, with a program that beeps in the place of RHVoice-test."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.lipsync import __main__ as command
from models.lipsync import rhvoice, voices
from models.lipsync.spoken import Line

_PROGRAM = """#!{python}
import argparse, sys, wave
p = argparse.ArgumentParser()
for name in "prto":
    p.add_argument("-" + name)
a = p.parse_args()
text = sys.stdin.read()
if text == "broken":
    sys.exit(3)
with wave.open(a.o, "wb") as w:
    w.setparams((1, 2, 24000, 0, "NONE", ""))
    w.writeframes(bytes(2 * int(a.r)) + (a.p + a.t).encode().ljust(20, b"-"))
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "RHVoice-test"
    path.write_text(_PROGRAM.format(python=sys.executable))
    path.chmod(0o755)
    return str(path)


def test_a_line_is_said_by_one_of_the_voices_never_by_the_reserved_one(program: str) -> None:
    said = [rhvoice.say(program, Line(i, "en", "Hello."), np.random.default_rng(i)) for i in range(12)]
    assert {rate_hz for _, rate_hz in said} == {24_000}
    who = {(sound[-10:] * 32768).astype("<i2").tobytes().decode().strip("-")[:3] for sound, _ in said}
    assert who == {"bdl", "clb", "ala"}
    assert all(75 <= len(sound) - 10 < 130 for sound, _ in said)
    assert not any(name.split()[-1].startswith(voice) for name in voices.RESERVED for voice in rhvoice.VOICES)


def test_a_program_that_fails_is_heard_of(program: str) -> None:
    with pytest.raises(RuntimeError, match=r"did not speak as '.*exit status 3"):
        rhvoice.say(program, Line(0, "en", "broken"), np.random.default_rng(0))


def test_the_command_lays_out_what_corpus_takes(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["lipsync", "rhvoice", str(tmp_path / "out"), "--program", program, "--count", "5", "--workers", "1"]
    monkeypatch.setattr("sys.argv", arguments)
    assert command.main() == 0
    assert len(list((tmp_path / "out" / "rhvoice").glob("*.flac"))) == 5
    assert soundfile.info(tmp_path / "out" / "rhvoice" / "00000.flac").samplerate == 24_000


def test_a_program_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["lipsync", "rhvoice", str(tmp_path / "out"), "--program", "/no/RHVoice"])
    assert command.main() == 1
    assert "/no/RHVoice is no program" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_a_program_without_voices_ends_the_command_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "RHVoice-test"
    path.write_text("#!/bin/sh\necho 'No language resources are available' >&2\n")
    path.chmod(0o755)
    monkeypatch.setattr("sys.argv", ["lipsync", "rhvoice", str(tmp_path), "--program", str(path), "--count", "1"])
    assert command.main() == 1
    assert "No language resources are available" in capsys.readouterr().out
