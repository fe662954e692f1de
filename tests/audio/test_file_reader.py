"""Sound files: every kind that is read, and every kind that is refused with a word about why."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import soundfile

from visaged import samples
from visaged.audio.errors import ChannelMissing, FileUnusable
from visaged.audio.file_reader import FileReader, read_all


def sine(rate_hz: int, seconds: float = 0.5, hz: float = 440) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(np.float32)


def drain(reader: FileReader, size: int = 480) -> np.ndarray:
    parts = []
    while True:
        out = np.zeros(size, np.float32)
        count = reader.read(out)
        parts.append(out[:count])
        if count < size:
            return np.concatenate(parts)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_formats_and_rates(tmp_path, name, rate_hz):
    path = tmp_path / name
    soundfile.write(path, sine(rate_hz), rate_hz)
    sound = read_all(path)
    expected = sine(48_000)
    assert len(sound) == pytest.approx(24_000, abs=2500)  # MP3 pads
    # Codecs may delay: compare by the best of some shifts.
    part = expected[4800:9600]
    assert min(np.abs(sound[4800 + shift : 9600 + shift] - part).max() for shift in range(1200)) < 0.03


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_wav_sample_formats(tmp_path, subtype):
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(48_000), 48_000, subtype=subtype)
    assert np.abs(read_all(path) - sine(48_000)).max() < 0.01


def test_channels_are_averaged(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([sine(48_000), -sine(48_000) / 2], axis=1), 48_000, subtype="FLOAT")
    assert np.allclose(read_all(path), sine(48_000) / 4, atol=1e-6)


def test_block_size_does_not_matter(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, sine(44_100, 1.0), 44_100)
    assert np.array_equal(drain(FileReader(path), 480), read_all(path))
    assert np.array_equal(drain(FileReader(path), 7777), read_all(path))


@pytest.mark.parametrize("rate_hz", [48_000, 44_100])
def test_a_loop_has_no_seam(tmp_path, rate_hz):
    """A file of whole sine periods, looped, is one endless sine."""
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(rate_hz, 0.1, 100), rate_hz, subtype="FLOAT")
    reader = FileReader(path, loop=True)
    out = np.zeros(96_000, np.float32)
    assert reader.read(out) == len(out)
    assert np.abs(out[2400:] - sine(48_000, 2.0, 100)[2400:]).max() < 1e-3


def wav_bytes(rate_hz: int, channels: int, data: bytes, claimed: int | None = None) -> bytes:
    size = len(data) if claimed is None else claimed
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + fmt
        + b"data"
        + struct.pack("<I", size)
        + data
    )


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "cannot be read"),
        (b"this is no sound at all, just text" * 10, "cannot be read"),
        (wav_bytes(48_000, 1, b""), "no sound"),
        (wav_bytes(0, 1, b"\0\0" * 480), "rate|cannot be read"),
        (wav_bytes(48_000, 33, b"\0\0" * 33 * 480), "33 channels"),
        (wav_bytes(1_000_000, 1, b"\0\0" * 480), "1000000 Hz"),
    ],
)
def test_what_is_no_usable_sound_is_refused(tmp_path, content, word):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(FileUnusable, match=word) as raised:
        FileReader(path)
    assert str(path) in str(raised.value)
    assert "WAV" in raised.value.remedy


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "nothing.wav", tmp_path):
        with pytest.raises(FileUnusable, match="there is no file"):
            FileReader(path)


def test_a_truncated_wav_plays_what_is_there_and_says_so(tmp_path):
    path = tmp_path / "cut.wav"
    data = (sine(48_000) * 32767).astype("<i2").tobytes()
    path.write_bytes(wav_bytes(48_000, 1, data[:9600], claimed=len(data)))
    reader = FileReader(path)
    assert reader.truncated
    assert len(drain(reader)) == 4800


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3"])
def test_a_truncated_compressed_file_plays_what_is_there(tmp_path, name):
    path = tmp_path / name
    soundfile.write(path, np.random.default_rng(0).uniform(-0.3, 0.3, 96_000), 48_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sound = drain(FileReader(path))
    assert 10_000 < len(sound) < 90_000
    assert np.isfinite(sound).all()


def test_a_truncated_flac_is_found_out(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.3, 0.3, 96_000), 48_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    reader = FileReader(path)
    assert not reader.truncated
    drain(reader)
    assert reader.truncated


def test_samples_that_are_not_numbers_become_silence(tmp_path):
    path = tmp_path / "a.wav"
    sound = sine(48_000)
    sound[100] = np.nan
    sound[200] = np.inf
    soundfile.write(path, sound, 48_000, subtype="FLOAT")
    reader = FileReader(path)
    out = drain(reader)
    assert np.isfinite(out).all()
    assert reader.bad_samples == 2
    assert out[300] == pytest.approx(sound[300])


def test_the_bundled_speech_is_there():
    assert samples.speech_path().stat().st_size <= 500_000
    reader = FileReader(samples.speech_path())
    assert 10 <= reader.duration_s <= 20
    sound = drain(reader)
    assert not reader.truncated
    level = np.sqrt(np.convolve(sound**2, np.ones(4800) / 4800, "valid")[::480])
    assert level.max() > 0.05  # somebody speaks
    assert np.count_nonzero(level < 0.002) > 100  # and pauses


def test_the_channel_that_is_named_is_read(tmp_path):
    frames = np.stack([np.full(4800, 0.25), np.full(4800, -0.5)], axis=1)
    path = tmp_path / "two.wav"
    soundfile.write(path, frames, 48_000)
    assert np.allclose(drain(FileReader(path, channel=2)), -0.5, atol=1e-3)
    with pytest.raises(ChannelMissing, match=r"has 2 channels, and audio\.input\.channel = 3"):
        FileReader(path, channel=3)
