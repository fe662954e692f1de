"""Sound files of other people: headers of pipes, joined files, names that lie, scales that are none."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.audio.wavs import FLOAT, PCM, Samples, chunk, data_of, format_chunk, riff, tone, wav
from visaged.audio.decoders import input_file, media
from visaged.audio.errors import FileUnusable
from visaged.audio.file_reader import FileReader, opened, read_all

FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
TONE = tone()
# What pipes, and programs that write to them, put in the place of a length.
SIZES = [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000, 0x8000_0000, 0x7FFF_0000, 2_000_000_000, 0xFFFF_FF00]


def written(tmp_path: Path, content: bytes, name: str = "talk.wav") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def check(path: Path, expected: Samples, atol: float = 1e-4) -> list[str]:
    """All of it is there, first channel averaged as it is; returns what was said about it."""
    with opened(path) as reader:
        assert reader.duration_s == pytest.approx(len(expected) / 48_000)
        out = np.zeros(len(expected) + 1000, np.float32)
        count = reader.read(out)
        assert count == len(expected)
        np.testing.assert_allclose(out[:count], expected.mean(axis=1), rtol=0, atol=atol)
        assert not reader.truncated
        return reader.notices


@pytest.mark.parametrize("size", SIZES)
def test_a_length_that_was_not_known_is_no_cut(tmp_path: Path, size: int) -> None:
    assert check(written(tmp_path, wav(TONE, claimed=size)), TONE) == []


@pytest.mark.parametrize("size", [len(TONE) * 2 + 2, 400_000, 900_000_001])
def test_a_length_that_is_a_length_tells_a_cut(tmp_path: Path, size: int) -> None:
    with opened(written(tmp_path, wav(TONE, claimed=size))) as reader:
        assert reader.truncated
        assert reader.duration_s == pytest.approx(0.1)
        assert reader.notices == [f"'{reader.path}': it is cut off: there is less in it than its header says"]


@pytest.mark.parametrize("last_claims", [None, 0, 0xFFFF_FFFF])
@pytest.mark.parametrize("size", [None, 0, 0xFFFF_FFFF, 0x7FFF_F000])
def test_files_joined_end_to_end_are_played_in_a_row(tmp_path: Path, size: int | None, last_claims: int | None) -> None:
    files = [wav(TONE, claimed=size), wav(TONE * 0.5, claimed=size), wav(TONE * 0.25, claimed=last_claims)]
    path = written(tmp_path, b"".join(files))
    assert check(path, np.concatenate([TONE, TONE * 0.5, TONE * 0.25])) == []


def test_a_header_across_two_reads_is_seen(tmp_path: Path) -> None:
    """Reads end at 64 KiB: the second header lies across, at every offset."""
    for offset in range(-14, 14, 2):
        frames = tone(seconds=1)[: (65536 - 44 + offset) // 2]
        path = written(tmp_path, wav(frames, claimed=0) + wav(TONE, claimed=0))
        assert check(path, np.concatenate([frames, TONE])) == []


def test_two_chunks_of_sound_are_played_in_a_row(tmp_path: Path) -> None:
    parts = [chunk(b"data", data_of(TONE)), chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0"), chunk(b"data", data_of(-TONE))]
    path = written(tmp_path, riff(chunk(b"JUNK", bytes(27)), format_chunk(48_000, 1), *parts))
    assert check(path, np.concatenate([TONE, -TONE])) == []


def test_a_second_file_of_another_form_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, wav(TONE) + wav(tone(channels=2), 44_100))
    said = check(path, TONE)
    assert said == [f"'{path}': a WAV of another form follows (44100 Hz, 2 channels) and is left out"]


def test_what_follows_the_sound_and_is_no_chunk_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, wav(TONE) + data_of(TONE))
    assert check(path, TONE) == [f"'{path}': {len(TONE) * 2} bytes behind its sound are not understood and left out"]


@pytest.mark.parametrize("odd", [b"", b"\0"])
def test_a_byte_of_padding_may_be_left_out(tmp_path: Path, odd: bytes) -> None:
    sound = data_of(TONE[:101], bits=8)
    first = b"data" + len(sound).to_bytes(4, "little") + sound + odd
    path = written(tmp_path, riff(format_chunk(48_000, 1, bits=8), first, chunk(b"data", sound)))
    assert check(path, np.concatenate([TONE[:101], TONE[:101]]), atol=0.01) == []


@pytest.mark.parametrize("claimed", [None, 0, 0x7FFF_F000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize(("tag", "bits"), [(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)])
def test_every_plain_form(tmp_path: Path, tag: int, bits: int, channels: int, claimed: int | None) -> None:
    frames = tone(channels=channels)
    said = check(written(tmp_path, wav(frames, tag=tag, bits=bits, claimed=claimed)), frames, atol=0.01)
    assert said == []


def test_extensible_and_24_bits_in_words_of_32(tmp_path: Path) -> None:
    sound = chunk(b"data", data_of(TONE, bits=24))
    assert check(written(tmp_path, riff(format_chunk(48_000, 1, PCM, 24, extensible=True), sound)), TONE) == []
    words = chunk(b"fmt ", format_chunk(48_000, 1, PCM, 32)[8:-2] + b"\x18\0")
    assert check(written(tmp_path, riff(words, chunk(b"data", data_of(TONE, bits=32)))), TONE) == []


@pytest.mark.parametrize(
    ("form", "subtype", "endian"),
    [
        ("RF64", "PCM_16", "FILE"),
        ("WAV", "ULAW", "FILE"),
        ("WAV", "IMA_ADPCM", "FILE"),
        ("WAV", "PCM_16", "BIG"),
        ("W64", "PCM_16", "FILE"),
        ("AU", "PCM_16", "FILE"),
    ],
)
def test_other_sounds_as_libsndfile_writes_them(tmp_path: Path, form: str, subtype: str, endian: str) -> None:
    path = tmp_path / "talk.wav"
    soundfile.write(path, TONE, 48_000, subtype, endian, format=form)
    sound = read_all(path)
    # ADPCM finds its step within a period.
    assert np.abs(sound[200 : len(TONE)] - TONE[200:, 0]).max() < 0.03


@pytest.mark.parametrize(
    ("content", "said", "remedy"),
    [
        (b"", "it is empty", "again"),
        (b"<!DOCTYPE html><html><title>404 Not Found", "it is a web page (HTML)", "The download went wrong"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer", "git lfs pull"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "it is a ZIP archive", "Unpack it first"),
        (b"%PDF-1.7\n%\xe2\xe3", "it is a PDF document", "WAV, FLAC, OGG or MP3"),
        (b'{"detail": "Not found"}', "it is a JSON document", "WAV, FLAC, OGG or MP3"),
        (bytes(1000), "it is all zeros at its beginning", "again"),
        (b"This is no sound.", "It begins with 'This is no sound", "WAV, FLAC, OGG or MP3"),
        (b"\x1b]0;title\x07", "It begins with '\\x1b]0;title\\x07'", "WAV"),
        (b"RIFF\x24\0\0\0WAVE", "it has no format", "WAV"),
        (riff(chunk(b"data", data_of(TONE))), "its sound comes before its format", "WAV"),
        (riff(format_chunk(48_000, 1), chunk(b"data", b"")), "has no sound in it", "WAV"),
        (riff(format_chunk(48_000, 1), chunk(b"data", b""), chunk(b"LIST", b"INFO")), "has no sound in it", "WAV"),
        (riff(chunk(b"fmt ", b"\1\0")), "its format is cut off", "WAV"),
    ],
)
def test_what_is_no_sound_is_named_by_its_first_bytes(tmp_path: Path, content: bytes, said: str, remedy: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(FileUnusable) as error:
        FileReader(path)
    assert str(error.value).startswith(f"'{path}' ")
    assert said in str(error.value)
    assert remedy in error.value.remedy
    assert str(error.value).isprintable()


CONVERTED = [
    (b"\0\0\0\x1cftypM4A \0\0\2\0", "an MP4 or M4A"),
    (b"\x1aE\xdf\xa3\x9fB\x86\x81\1", "a WebM or Matroska"),
    (b"#!AMR\n\x3c\x91", "an AMR recording"),
    (b"\xff\xf1\x50\x80\x2e\x7f", "an AAC stream"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0", "a Windows Media file"),
]


@pytest.mark.parametrize(("content", "kind"), CONVERTED)
def test_without_pyav_the_command_that_converts_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, kind: str
) -> None:
    monkeypatch.setattr(media, "is_there", lambda: False)
    path = written(tmp_path, content, "my talk.wav")
    with pytest.raises(FileUnusable) as error:
        FileReader(path)
    assert f"cannot be read: it is {kind}, which takes PyAV: pip install 'visaged[media]'" in str(error.value)
    assert f"ffmpeg -i '{path}' -ac 1 -ar 48000 '{tmp_path}/my talk-48k.wav'" in error.value.remedy


@pytest.mark.parametrize(("content", "kind"), CONVERTED)
@FILES
@given(rest=st.binary(max_size=300))
def test_with_pyav_a_damaged_file_is_refused_or_heard(tmp_path: Path, content: bytes, kind: str, rest: bytes) -> None:
    pytest.importorskip("av")
    try:
        sound = read_all(written(tmp_path, content + rest))
    except FileUnusable as error:
        assert "talk.wav' " in str(error)
        assert str(error).isprintable()
        return
    assert np.isfinite(sound).all()


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize(
    ("name", "form", "codec"), [("m4a", "ipod", "aac"), ("aac", "adts", "aac"), ("webm", "webm", "libopus")]
)
def test_with_pyav_it_is_decoded(tmp_path: Path, name: str, form: str, codec: str, rate_hz: int) -> None:
    """Named .wav, as phones and browsers do; the level and the pitch are right, and it may be looped."""
    av = pytest.importorskip("av")
    path = tmp_path / f"{name}.wav"
    frames = tone(rate_hz, seconds=2.0, channels=2)
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=48_000 if codec == "libopus" else rate_hz, layout="stereo")
        for at in range(0, len(frames), 4410):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(frames[at : at + 4410].T), "fltp", "stereo")
            frame.sample_rate, frame.pts = rate_hz, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with opened(path) as reader:
        assert reader.duration_s is None or reader.duration_s == pytest.approx(2.0, abs=0.1)
        sound = np.zeros(3 * 48_000, np.float32)
        count = reader.read(sound)
    assert count == pytest.approx(2 * 48_000, abs=4800)
    heard = sound[24_000:72_000]
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.375 / np.sqrt(2), rel=0.05)
    assert np.argmax(np.abs(np.fft.rfft(heard))) == pytest.approx(440, abs=1)
    looped = FileReader(path, loop=True)
    assert looped.read(np.zeros(5 * 48_000, np.float32)) == 5 * 48_000
    looped.close()


@pytest.mark.parametrize("factor", [1.0, 4.0, 32_768.0, 8_388_608.0, 2.0**31])
@pytest.mark.parametrize(("suffix", "subtype"), [("wav", "FLOAT"), ("wav", "DOUBLE"), ("aiff", "FLOAT")])
def test_floats_at_the_scale_of_integers_are_recognised(
    tmp_path: Path, factor: float, suffix: str, subtype: str
) -> None:
    path = tmp_path / f"talk.{suffix}"
    # A quiet beginning must not be taken for loud sound of +-1.
    quiet = np.concatenate([TONE * 1e-4, TONE])
    soundfile.write(path, quiet.astype(np.float64) * factor, 48_000, subtype)
    expected = quiet if factor > 4 else quiet * factor
    said = check(path, expected, atol=1e-4)
    assert said == ([f"'{path}': its float samples go up to {factor:.0f}: scaled to +-1"] if factor > 4 else [])


@pytest.mark.parametrize("factor", [50.0, 400.0, 1e15])
def test_floats_of_no_known_scale_are_refused(tmp_path: Path, factor: float) -> None:
    path = written(tmp_path, wav(TONE * np.float32(factor), tag=FLOAT, bits=32))
    with pytest.raises(FileUnusable, match=r"has float samples up to .*; accepted: up to 1, or as numbers of 16"):
        FileReader(path)


def test_channels_that_cancel_are_warned_of(tmp_path: Path) -> None:
    path = written(tmp_path, wav(np.concatenate([tone(seconds=1), -0.95 * tone(seconds=1)], axis=1)))
    with opened(path) as reader:
        reader.read(np.zeros(48_000, np.float32))
        assert any("its channels cancel each other" in notice for notice in reader.notices)
    path = written(tmp_path, wav(tone(seconds=1, channels=2)))
    with opened(path) as reader:
        reader.read(np.zeros(48_000, np.float32))
        assert reader.notices == []


def test_a_fifo_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = wav(tone(seconds=2), claimed=0xFFFF_FFFF)
    writer = threading.Thread(target=lambda: path.write_bytes(content))
    writer.start()
    assert check(path, tone(seconds=2)) == []
    writer.join()


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG"])
def test_standard_input_is_read_to_its_end(tmp_path: Path, name: str, form: str) -> None:
    soundfile.write(tmp_path / "talk", tone(seconds=2), 48_000, format=form)
    code = f"from visaged.audio.file_reader import read_all; print(len(read_all({name!r})))"
    with (tmp_path / "talk").open("rb") as file:
        for stdin in (file.read(), None):
            file.seek(0)
            given = {"stdin": file} if stdin is None else {"input": stdin}
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, **given)
            assert int(done.stdout) == 96_000


def test_what_comes_out_of_a_pipe_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "_LARGEST_BYTES", 1 << 20)
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with pytest.raises(BrokenPipeError), path.open("wb") as pipe:
            while True:
                pipe.write(bytes(1 << 16))

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(FileUnusable, match="gives more than"):
        FileReader(path)
    writer.join()


@pytest.mark.parametrize("path", ["/dev/zero", "/tmp", "/nowhere/talk.wav"])
def test_what_is_neither_file_nor_pipe_is_refused(path: str) -> None:
    with pytest.raises(FileUnusable, match=f"there is no file '{path}'"):
        FileReader(path)


@FILES
@given(
    at=st.integers(0, 60),
    byte=st.integers(0, 255),
    length=st.integers(0, 400),
    joined=st.booleans(),
    claimed=st.sampled_from([None, *SIZES]),
)
def test_any_header_is_read_or_refused_in_a_sentence(
    tmp_path: Path, at: int, byte: int, length: int, *, joined: bool, claimed: int | None
) -> None:
    content = bytearray(wav(TONE[:100], claimed=claimed) * (2 if joined else 1))
    content[at % len(content)] = byte
    try:
        sound = read_all(written(tmp_path, bytes(content[: 44 + length])))
    except FileUnusable as error:
        assert "talk.wav" in str(error)
        assert str(error).isprintable()
        return
    assert np.isfinite(sound).all()
