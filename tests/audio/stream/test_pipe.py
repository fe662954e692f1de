"""A pipe that is played live. The writers are real pipes and FIFOs; time passes by blocks."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.audio.wavs import chunk, format_chunk, riff, tone, wav
from visaged.audio.backends import pacing
from visaged.audio.backends.file import FileSource
from visaged.audio.select import open_input
from visaged.audio.stream.paced import PacedSource
from visaged.audio.stream.pipe import pipe_source
from visaged.config.sound import InputSettings

PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are due at once; a test waits for what it wants to see."""
    monkeypatch.setattr(pacing, "sleep_until", lambda due_ns: None)
    monkeypatch.setattr(pacing, "now_ns", lambda: 0)


class Playing:
    """A source, and the sound it has delivered without the silence in between."""

    def __init__(self, path: Path | str, **settings: object) -> None:
        self.source = pipe_source(InputSettings(path=str(path), **settings))
        self.form = self.source.open()
        self.sound = np.zeros(0, np.float32)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, self.source.notices
            block = self.source.read()
            assert block is not None
            heard = block.frames[:, 0]
            self.sound = np.concatenate(
                [self.sound, heard[: np.flatnonzero(heard)[-1] + 1] if heard.any() else heard[:0]]
            )
            if not heard.any():
                time.sleep(0.001)

    def ended(self) -> bool:
        return any("has ended" in notice for notice in self.source.notices)


# Never zero, so that silence in between can be told from it.
VOICE = 0.2 * tone(seconds=0.5) + np.float32(0.3)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "voice.fifo"
    os.mkfifo(path)
    return path


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> int:
    """The writing end of what is standard input for the test."""
    reading, writing = os.pipe()
    kept = os.dup(0)
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.dup2(kept, 0)
    os.close(kept)


def write(path: Path, content: bytes) -> threading.Thread:
    """A writer that may be refused."""

    def put() -> None:
        with contextlib.suppress(BrokenPipeError):
            path.write_bytes(content)

    writer = threading.Thread(target=put)
    writer.start()
    return writer


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input_is_played_and_ends(standard_input: int, name: str) -> None:
    content = wav(VOICE, claimed=0xFFFF_FFFF)
    writer = threading.Thread(target=lambda: (os.write(standard_input, content), os.close(standard_input)))
    writer.start()
    playing = Playing(name)
    playing.until(playing.ended)
    playing.until(lambda: len(playing.sound) >= len(VOICE))
    writer.join()
    np.testing.assert_allclose(playing.sound, VOICE[:, 0], rtol=0, atol=1e-3)
    assert playing.source.notices == ["standard input has ended: silence from here on"]
    assert playing.source.name == "pipe:stdin"
    assert not playing.form.hears_room
    playing.source.close()


def test_a_fifo_plays_one_writer_after_the_other(fifo: Path) -> None:
    """Nobody waits for a writer: blocks of silence come meanwhile."""
    playing = Playing(fifo)
    for _ in range(5):
        block = playing.source.read()
        assert block is not None
        assert not block.frames.any()
    for wanted in np.arange(1, 4) * len(VOICE):
        writer = write(fifo, wav(VOICE, claimed=0))
        playing.until(lambda wanted=wanted: len(playing.sound) >= wanted)
        writer.join()
    np.testing.assert_allclose(playing.sound, np.tile(VOICE[:, 0], 3), rtol=0, atol=1e-3)
    playing.until(playing.ended)
    assert playing.source.notices == [f"'{fifo}' has ended: what is written to it next is played"]
    playing.source.close()


def test_what_comes_slowly_is_played_in_order(fifo: Path) -> None:
    content = wav(VOICE, claimed=0)

    def drip() -> None:
        with fifo.open("wb", buffering=0) as pipe:
            for at in range(0, len(content), 3000):
                pipe.write(content[at : at + 3000])
                time.sleep(0.001)

    writer = threading.Thread(target=drip)
    writer.start()
    playing = Playing(fifo)
    playing.until(lambda: len(playing.sound) >= len(VOICE))
    writer.join()
    np.testing.assert_allclose(playing.sound, VOICE[:, 0], rtol=0, atol=1e-3)
    playing.source.close()


def test_a_writer_that_is_faster_than_time_is_held_back(fifo: Path) -> None:
    """Neither memory grows nor is anything left out."""
    long = np.tile(VOICE, (40, 1))
    writer = write(fifo, wav(long))
    playing = Playing(fifo)
    playing.until(lambda: len(playing.sound) >= 4800)
    assert writer.is_alive()
    playing.until(lambda: len(playing.sound) >= len(long))
    writer.join()
    np.testing.assert_allclose(playing.sound, long[:, 0], rtol=0, atol=1e-3)
    playing.source.close()


NO_SOUNDS = {
    "words": (b"words, and more words" * 9, "begins with 'words, and m', which is no sound that is known"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), "it is a PNG picture"),
    "half a header": (b"RIF", "is no sound that is known"),
    "zeros": (bytes(5000), "all zeros at its beginning"),
    "rate 0": (wav(VOICE, 0), "has a rate of 0 Hz; accepted: 4000 to 384000"),
    "no channels": (riff(format_chunk(48_000, 0), chunk(b"data", bytes(64))), "has 0 channels; accepted: 1 to 32"),
    "40 channels": (wav(np.tile(VOICE[:100], (1, 40))), "has 40 channels; accepted: 1 to 32"),
    "a codec": (riff(format_chunk(48_000, 1, 0x55), chunk(b"data", bytes(64))), "samples of codec 0x55"),
    "broken OGG": (b"OggS" + bytes(5000), "cannot be played"),
    "nothing": (b"", "has ended without a sound"),
}


@pytest.mark.parametrize("content", NO_SOUNDS)
def test_what_is_no_sound_is_a_fault_and_the_next_writer_is_played(fifo: Path, content: str) -> None:
    """The face goes on: blocks of silence come, and the source need not be opened again."""
    data, said = NO_SOUNDS[content]
    playing = Playing(fifo)
    writer = write(fifo, data)
    playing.until(lambda: playing.source.fault is not None or (content == "nothing" and not writer.is_alive()))
    writer.join()
    if content != "nothing":  # of a FIFO, that was nobody
        assert said in str(playing.source.fault)
        assert str(fifo) in str(playing.source.fault)
        assert playing.source.fault.remedy
    writer = write(fifo, wav(VOICE))
    playing.until(lambda: len(playing.sound) >= len(VOICE))
    writer.join()
    assert playing.source.fault is None
    playing.source.close()


@pytest.mark.parametrize("content", NO_SOUNDS)
def test_standard_input_without_a_sound_is_a_fault_for_good(standard_input: int, content: str) -> None:
    data, said = NO_SOUNDS[content]
    writer = threading.Thread(target=lambda: (os.write(standard_input, data), os.close(standard_input)))
    writer.start()
    playing = Playing("-")
    playing.until(lambda: playing.source.fault is not None)
    writer.join()
    assert said in str(playing.source.fault)
    playing.source.close()


def test_a_writer_that_was_refused_is_told_so(fifo: Path) -> None:
    """A program that goes on writing what is not played would write for ever."""
    playing = Playing(fifo)
    refused = threading.Event()

    def babble() -> None:
        try:
            with fifo.open("wb", buffering=0) as pipe:
                while True:
                    pipe.write(b"no sound at all " * 1000)
        except BrokenPipeError:
            refused.set()

    writer = threading.Thread(target=babble)
    writer.start()
    playing.until(refused.is_set)
    writer.join()
    assert playing.source.fault is not None
    playing.source.close()


def test_a_writer_that_dies_within_a_sample_does_no_harm_to_the_next(fifo: Path) -> None:
    content = wav(VOICE, claimed=10**6)
    playing = Playing(fifo)
    for number in (1, 2):
        writer = write(fifo, content[:-1])
        whole = number * (len(VOICE) - 1)
        playing.until(lambda whole=whole: len(playing.sound) >= whole)
        writer.join()
    np.testing.assert_allclose(playing.sound, np.tile(VOICE[:-1, 0], 2), rtol=0, atol=1e-3)
    assert "it is cut off" in playing.source.notices[0]
    playing.source.close()


def test_closing_ends_the_thread_whoever_is_waited_for(fifo: Path) -> None:
    """Before a writer comes, while one is silent, and while one is held back."""
    for content in (None, b"", wav(np.tile(VOICE, (40, 1)))):
        playing = Playing(fifo)
        thread = playing.source._feeder.thread
        if content is not None:
            descriptor = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            if content:
                os.write(descriptor, content)
        playing.source.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        if content is not None:
            os.close(descriptor)


@pytest.mark.parametrize("backend", ["auto", "file"])
def test_a_path_of_a_pipe_is_played_as_one(fifo: Path, tmp_path: Path, backend: str) -> None:
    chosen = open_input(InputSettings.model_validate({"backend": backend, "path": str(fifo)}))
    assert isinstance(chosen.source, PacedSource)
    chosen.source.close()
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(VOICE))
    chosen = open_input(InputSettings.model_validate({"backend": backend, "path": str(path)}))
    assert isinstance(chosen.source, FileSource)
    chosen.source.close()


def test_a_file_says_once_what_is_odd_about_it(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(np.concatenate([VOICE, -VOICE], axis=1), claimed=10**6))
    source = FileSource(path, 10, loop=False)
    source.open()
    for _ in range(100):
        source.read()
    said = [notice.removeprefix(f"'{path}': ").removeprefix(f"{path} ")[:25] for notice in source.notices]
    assert said == ["it is cut off: there is l", "its channels cancel each ", "has ended: silence from h"]
    source.close()
