"""Raw samples, OGG, MP3 and their like, in pieces as a pipe gives them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from tests.audio.wavs import FLOAT, tone, wav
from visaged.audio.decoders import media
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.errors import ChannelMissing, FileUnusable
from visaged.audio.pcm import SAMPLE_BYTES, encode
from visaged.audio.stream.choose import open_sounds
from visaged.audio.stream.raw import RawForm

VOICE = tone(seconds=1)


def pieces(content: bytes, size: int = 999) -> Callable[[int], bytes]:
    left = memoryview(content)

    def read(count: int) -> bytes:
        nonlocal left
        data, left = bytes(left[: min(count, size)]), left[min(count, size) :]
        return data

    return read


def heard(content: bytes, **how: object) -> tuple[np.ndarray, list[str]]:
    stream = open_sounds(ByteSource(pieces(content)), "it", **how)
    sound = np.concatenate(list(stream.sounds()))
    return sound, stream.notices


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("sample_format", SAMPLE_BYTES)
def test_raw_samples_of_every_format(sample_format: str, channels: int) -> None:
    frames = tone(channels=channels)
    half = b"\x01" if SAMPLE_BYTES[sample_format] * channels > 1 else b""
    sound, said = heard(encode(frames, sample_format) + half, raw=RawForm(sample_format, 48_000, channels))
    np.testing.assert_allclose(sound, frames.mean(axis=1), rtol=0, atol=0.01)
    assert said == []


def test_raw_samples_of_another_rate_and_channel() -> None:
    frames = tone(16_000, channels=3)
    sound, _ = heard(encode(frames, "S16_LE"), raw=RawForm("S16_LE", 16_000, 3), channel=2)
    assert len(sound) == pytest.approx(3 * len(frames), abs=50)
    np.testing.assert_allclose(np.abs(sound[800:4000]).max(), 0.25, atol=0.01)


def test_a_stream_without_the_channel_that_is_wanted_is_refused() -> None:
    with pytest.raises(ChannelMissing, match=r"it has 2 channels, and audio\.input\.channel = 3"):
        heard(wav(tone(channels=2)), channel=3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_floats_that_are_no_numbers_are_silence_and_named(bad: float) -> None:
    frames = tone()
    frames[1000:1100] = bad
    for content, how in (
        (wav(frames, tag=FLOAT, bits=32), {}),
        (frames.tobytes(), {"raw": RawForm("FLOAT_LE", 48_000, 1)}),
    ):
        sound, said = heard(content, **how)
        assert not sound[1000:1100].any()
        np.testing.assert_array_equal(sound[:1000], frames[:1000, 0])
        assert said == ["it: it has samples that are not numbers: they are silence"]


def test_twenty_four_channels_are_taken_and_each_has_a_level() -> None:
    frames = tone(channels=24, seconds=1)
    stream = open_sounds(ByteSource(pieces(wav(frames))), "it", channel=1)
    sound = np.concatenate(list(stream.sounds()))
    np.testing.assert_allclose(sound, frames[:, 0], atol=1e-3)
    assert stream.channels is not None
    levels = stream.channels.levels_dbfs
    assert len(levels) == 24
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16"), ("AU", "PCM_16")],
)
def test_what_libsndfile_reads_is_played_as_it_comes(container: str, codec: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, VOICE, 48_000, format=container, subtype=codec)
    sound, said = heard(file.getvalue())
    assert len(sound) == pytest.approx(48_000, abs=3000)
    middle = sound[10_000:30_000]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    assert said == []


@pytest.mark.skipif(not media.is_there(), reason="PyAV is not installed: pip install 'visaged[media]'")
def test_flac_is_played_with_pyav() -> None:
    file = io.BytesIO()
    soundfile.write(file, VOICE, 48_000, format="FLAC", subtype="PCM_16")
    sound, _ = heard(file.getvalue())
    np.testing.assert_allclose(sound, VOICE[:, 0], atol=1e-3)


def test_an_ogg_is_heard_before_its_end() -> None:
    """And when nothing more comes, whoever waits is let go with the end of the stream."""
    file = io.BytesIO()
    soundfile.write(file, np.tile(VOICE, (20, 1)), 48_000, format="OGG", subtype="VORBIS")
    content = file.getvalue()
    read, over = pieces(content[: len(content) // 2]), threading.Event()

    def stops() -> None:
        over.wait(30)

    def endless(count: int) -> bytes:
        data = read(count)
        if not data:
            stops()
        return data

    stream = open_sounds(ByteSource(endless), "it").sounds()
    assert len(next(stream)) > 0
    over.set()
    assert sum(len(sound) for sound in stream) > 5 * 48_000


def test_an_ogg_that_is_cut_is_played_as_far_as_it_goes() -> None:
    file = io.BytesIO()
    soundfile.write(file, np.tile(VOICE, (5, 1)), 48_000, format="OGG", subtype="OPUS")
    sound, _ = heard(file.getvalue()[:-700])
    assert len(sound) > 48_000


@pytest.mark.parametrize("content", [b"OggS" + bytes(200_000), b"ID3" + bytes(200_000), b".snd" + bytes(200_000)])
def test_a_broken_container_is_refused_whatever_its_writer_does(content: bytes) -> None:
    """It does not go away, and sends nothing more."""
    read, abandoned = pieces(content), threading.Event()

    def waits(count: int) -> bytes:
        data = read(count)
        if not data:
            assert abandoned.wait(30)
        return data

    with pytest.raises(FileUnusable, match="it "):
        list(open_sounds(ByteSource(waits, abandon=abandoned.set), "it").sounds())
    assert abandoned.is_set()
