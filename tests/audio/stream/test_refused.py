"""What is no sound comes out of a pipe: one clear fault, silence meanwhile, and the next writer is played."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.audio.stream.playing import VOICE, Playing, write
from tests.audio.wavs import chunk, format_chunk, riff, wav

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
