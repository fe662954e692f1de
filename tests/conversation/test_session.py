"""Mode converse as a person would run it: daemon, peer and monitor, each its own process, with a codec on ONNX."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.control.broker import Broker, free_port
from tests.devices.card import SoundCards
from tests.running import Running
from visaged import samples
from visaged.codec.frames import CodecMessage, encode

# A codec of random weights hisses: this is what the energy solver shows of an s.
LIP = "MouthLowerDownLeft"
SETTINGS = (
    "--set=device.mode=converse",
    "--set=codec.enabled=true",
    "--set=animation.idle=false",
    "--set=runtime.realtime_priority=0",
    "--solver=energy",
)


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``visaged ARGUMENTS``, ended with the context."""
    command = (sys.executable, "-m", "visaged", *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


def last(process: subprocess.Popen[str]) -> dict[str, object]:
    """The next JSON object that it prints."""
    assert process.stdout is not None
    answer: dict[str, object] = json.loads(process.stdout.readline())
    return answer


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    """Three seconds of codec frames: noise that comes and goes."""
    codes = np.random.default_rng(1).integers(0, 2048, (40, 8)).astype(np.uint16)
    path = tmp_path / "answer.frames"
    path.write_bytes(encode(CodecMessage(1, 0, codes), len(codes)))
    return path


def test_the_peers_answer_is_seen_on_the_monitor(mimi_root: Path, answer: Path, tmp_path: Path) -> None:
    port, screen = free_port(), free_port()
    with (
        program("codec", "peer", f"--udp=127.0.0.1:{port}", f"--say={answer}", "--json") as peer,
        program("monitor", f"--port={screen}", "--json") as monitor,
        Running(
            *SETTINGS,
            f"--set=codec.link=udp://127.0.0.1:{port}",
            f"--models={mimi_root}",
            f"--target=127.0.0.1:{screen}",
            "--input=none",
            log=tmp_path / "log",
        ) as running,
    ):
        running.wait_for(lambda: running.curve(LIP, 30).max(initial=0) > 0.08, "the mouth to open")
        lips = []
        while max(lips, default=0.0) < 0.05:
            assert len(lips) < 60, running.log
            faces = last(monitor)["faces"]
            lips += [face["curves"][LIP] for face in faces]  # type: ignore[attr-defined]
        running.wait_for(lambda: running.curve(LIP, 30).max() < 0.03, "the mouth to close")
        figures = last(peer)
        while figures["said"] != 40:
            figures = last(peer)
        assert figures["refused"] == 0
    assert running.largest_step() < 0.5, "no curve jumps"
    assert "Traceback" not in running.log


def test_the_guests_words_come_back_over_a_broker_and_a_bad_network(
    mimi_root: Path, broker: Broker, tmp_path: Path
) -> None:
    voice, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
    spoken = soxr.resample(voice[: 4 * rate_hz], rate_hz, 48_000)
    quiet = np.zeros(48_000, np.float32)
    soundfile.write(tmp_path / "guest.wav", np.concatenate([quiet, spoken, np.tile(quiet, 20)]), 48_000)
    with (
        program(
            *("codec", "peer", "--device=box-1", f"--broker=127.0.0.1:{broker.port}", "--json"),
            *("--loss=5", "--jitter-ms=30", "--duplicate=5", "--reorder=2"),
        ) as peer,
        Running(
            *SETTINGS,
            "--set=device.id=box-1",
            "--set=mqtt.enabled=true",
            f"--set=mqtt.port={broker.port}",
            "--set=codec.link=mqtt",
            f"--models={mimi_root}",
            f"--input={tmp_path}/guest.wav",
            log=tmp_path / "log",
        ) as running,
    ):
        figures = last(peer)
        while not figures["said"]:
            figures = last(peer)
        assert figures["speeches"] == 1
        assert float(str(figures["heard"])) > 25
        running.wait_for(lambda: running.curve(LIP, 30).max(initial=0) > 0.08, "the mouth to open")
        running.wait_for(lambda: running.curve(LIP, 60).max() < 0.03, "the mouth to close")
        assert running.stop() == 0
    assert "Traceback" not in running.log


def test_the_answer_is_heard_at_the_speaker_and_the_microphone_is_not(
    mimi_root: Path, answer: Path, sound_cards: SoundCards, tmp_path: Path
) -> None:
    port = free_port()
    tone = 0.05 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000)
    sound_cards.add("mic", tone.astype(np.float32), loop=True)
    speaker = sound_cards.add("speaker")
    with (
        program("codec", "peer", f"--udp=127.0.0.1:{port}", f"--say={answer}", "--json") as peer,
        Running(
            *SETTINGS,
            f"--set=codec.link=udp://127.0.0.1:{port}",
            "--set=audio.output.backend=alsa",
            "--set=audio.output.device=speaker",
            f"--models={mimi_root}",
            "--input=mic",
            log=tmp_path / "log",
        ) as running,
    ):
        running.wait_for(lambda: running.curve(LIP, 30).max(initial=0) > 0.08, "the mouth to open")
        running.wait_for(lambda: running.curve(LIP, 60).max() < 0.03, "the mouth to close")
        figures = last(peer)
    played = speaker.played()
    loud = np.abs(played) > 0.02
    assert loud.any()
    first, after = np.flatnonzero(loud)[0], np.flatnonzero(loud)[-1]
    assert (after - first) / 48_000 > 2.5, "three seconds of answer"
    assert np.abs(played[after + 9_600 :]).max(initial=0) < 0.002, "the guest's tone is not played"
    assert figures["speeches"] == 0, "the detector knows a tone from speech"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder)
    broker.start()
    yield broker
    broker.stop()
