"""A pipe that is played live. The writers are real pipes and FIFOs; time passes by blocks."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.audio.stream.playing import PATIENCE_S, VOICE, Playing, write
from tests.audio.wavs import wav
from visaged.audio.backends.file import FileSource
from visaged.audio.decoders import pipe
from visaged.audio.errors import FileUnusable
from visaged.audio.select import open_input
from visaged.audio.stream.paced import PacedSource
from visaged.config.sound import InputSettings


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


def test_backend_pipe_makes_its_fifo_which_only_its_group_may_write(tmp_path: Path) -> None:
    path = tmp_path / "voice.fifo"
    chosen = open_input(InputSettings.model_validate({"backend": "pipe", "path": str(path)}))
    assert path.is_fifo()
    assert path.stat().st_mode & 0o777 == 0o660
    assert chosen.source.name == "pipe:voice.fifo"
    assert not chosen.format.hears_room
    chosen.source.close()
    # What is there is used again.
    open_input(InputSettings.model_validate({"backend": "pipe", "path": str(path)})).source.close()


@pytest.mark.parametrize("path", ["a file", "no/such/folder/voice"])
def test_backend_pipe_refuses_what_is_no_fifo(tmp_path: Path, path: str) -> None:
    (tmp_path / "a file").write_bytes(b"precious")
    with pytest.raises(FileUnusable, match=r"no FIFO|cannot be made") as raised:
        open_input(InputSettings.model_validate({"backend": "pipe", "path": str(tmp_path / path)}))
    assert "audio.input.path" in raised.value.remedy
    assert (tmp_path / "a file").read_bytes() == b"precious"


def test_a_file_of_raw_samples_is_played(tmp_path: Path) -> None:
    path = tmp_path / "talk.raw"
    path.write_bytes((VOICE * 32767).astype("<i2").tobytes())
    playing = Playing(path, raw_format="S16_LE")
    playing.until(lambda: len(playing.sound) >= len(VOICE))
    np.testing.assert_allclose(playing.sound, VOICE[:, 0], rtol=0, atol=1e-3)
    playing.source.close()


def test_channels_have_levels_and_one_can_be_chosen(fifo: Path) -> None:
    frames = np.concatenate([VOICE, VOICE / 2], axis=1)
    playing = Playing(fifo, channel=2)
    writer = write(fifo, wav(frames))
    playing.until(lambda: len(playing.sound) >= len(VOICE))
    writer.join()
    np.testing.assert_allclose(playing.sound, VOICE[:, 0] / 2, rtol=0, atol=1e-3)
    assert playing.source.channels is not None
    left, right = playing.source.channels.levels_dbfs
    assert left - right == pytest.approx(6.02, abs=0.1)
    playing.source.close()


def test_a_writer_that_hangs_is_named_once(fifo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "_STEP_S", 0.001)
    playing = Playing(fifo)
    with fifo.open("wb", buffering=0) as hanging:
        hanging.write(b"RIFF")
        playing.until(lambda: bool(playing.source.notices))
        for _ in range(20):
            assert playing.source.read() is not None
            time.sleep(0.001)
    assert playing.source.notices == [f"'{fifo}': its writer has sent nothing for 10 s; silence until it does"]
    playing.source.close()
