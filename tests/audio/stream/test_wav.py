"""WAV in pieces of any size: the same sound as from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audio.wavs import FLOAT, PCM, chunk, data_of, format_chunk, riff, tone, wav
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.decoder import Notes
from visaged.audio.decoders.wav.chunks import NotWav, walk
from visaged.audio.errors import FileUnusable
from visaged.audio.stream.choose import open_sounds

TONE = tone(seconds=0.02)


def reads(content: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    """A pipe that gives so many bytes at a time, round and round."""
    steps, at = cycle(sizes), 0

    def read(count: int) -> bytes:
        nonlocal at
        data = content[at : at + min(count, next(steps))]
        at += len(data)
        return data

    return read


def opened(content: bytes, sizes: list[int]) -> Iterator[np.ndarray]:
    return open_sounds(ByteSource(reads(content, sizes)), "x").sounds()


def heard(content: bytes, sizes: list[int]) -> tuple[np.ndarray, list[str]]:
    stream = open_sounds(ByteSource(reads(content, sizes)), "standard input")
    return np.concatenate(list(stream.sounds())), stream.notices


SIZES = st.lists(st.integers(1, 500), min_size=1, max_size=5)
CLAIMED = st.sampled_from([None, 0, 0xFFFF_FFFF, 0x7FFF_F000, 2_000_000_000])


@settings(deadline=None)
@given(SIZES, CLAIMED, CLAIMED, st.sampled_from([(PCM, 8), (PCM, 16), (PCM, 24), (FLOAT, 32), (FLOAT, 64)]))
def test_pieces_of_any_size_are_the_same_sound(
    sizes: list[int], claimed: int | None, then: int | None, form: tuple[int, int]
) -> None:
    tag, bits = form
    content = wav(TONE, tag=tag, bits=bits, claimed=claimed) + wav(-TONE, tag=tag, bits=bits, claimed=then)
    sound, said = heard(content, sizes)
    expected = np.concatenate([TONE, -TONE])[:, 0]
    assert len(sound) == len(expected)
    np.testing.assert_allclose(sound, expected, rtol=0, atol=0.01)
    assert said == []


@settings(deadline=None)
@given(SIZES, st.integers(0, 2000))
def test_what_is_cut_off_is_played_as_far_as_it_goes(sizes: list[int], length: int) -> None:
    content = wav(TONE)[: 44 + length]
    whole = min(length // 2, len(TONE))
    sound = np.concatenate([np.zeros(0, np.float32), *opened(content, sizes)])
    np.testing.assert_allclose(sound, TONE[:whole, 0], rtol=0, atol=0.001)


def test_sound_is_there_before_the_next_comes() -> None:
    """Nothing waits for the end, nor for a whole piece of 64 KiB."""
    content = wav(tone(seconds=1), claimed=0xFFFF_FFFF)
    given_out = 0

    def read(count: int) -> bytes:
        nonlocal given_out
        data = content[given_out : given_out + min(count, 960)]
        given_out += len(data)
        return data

    sounds = open_sounds(ByteSource(read), "x").sounds()
    count = len(next(sounds))
    assert count > 400
    assert given_out < 44 + 2 * count + 960 + 44


def test_a_wav_of_another_form_follows() -> None:
    content = wav(tone(), claimed=0) + wav(tone(24_000, channels=2), 24_000, claimed=0)
    sound, said = heard(content, [999])
    assert len(sound) == pytest.approx(9600, abs=2)
    # Halved by the quieter second channel.
    np.testing.assert_allclose(sound[5200:9000], 0.75 * tone()[400:4200, 0], rtol=0, atol=0.01)
    assert said == []


@pytest.mark.parametrize("quiet", [1.0, 1e-4])
def test_whole_floats_are_scaled_from_the_first_on(quiet: float) -> None:
    """A quiet beginning, too: as numbers of 16 bits it is whole."""
    frames = np.concatenate([np.rint(TONE * quiet * 32767), np.rint(TONE * 32767)]).astype(np.float32)
    sound, said = heard(wav(frames, tag=FLOAT, bits=32, claimed=0), [4000])
    np.testing.assert_allclose(sound, frames[:, 0] / 32768, rtol=0, atol=1e-6)
    assert said == ["standard input: its float samples go up to 32768: scaled to +-1"]


def test_channels_that_cancel_are_warned_of() -> None:
    frames = np.concatenate([tone(seconds=1), -tone(seconds=1)], axis=1)
    _, said = heard(wav(frames), [4000])
    assert ["its channels cancel each other" in one for one in said] == [True]


def test_a_cut_is_told() -> None:
    assert heard(wav(TONE)[:500], [50])[1] == [
        "standard input: it is cut off: there is less in it than its header says"
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has ended without a sound"),
        (b"OggS\0\2\0\0\0\0\0\0\0\0", "cannot be played: "),
        (b"<html><body>401 Unauthorized", "it is a web page (HTML)"),
        (b"words, and more words", "which is no sound that is known"),
        (b"RIFF\0\0\0\0AVI LIST", "which is no sound that is known"),
        (riff(chunk(b"data", data_of(TONE))), "its sound comes before its format"),
        (riff(format_chunk(48_000, 1, 0x11, 4), chunk(b"data", b"1234")), "samples of codec 0x11"),
        (wav(TONE, 1_000_000), "a rate of 1000000 Hz"),
        (wav(tone(channels=33)), "33 channels"),
        (wav(TONE * 1e15, tag=FLOAT, bits=32), "has float samples up to"),
    ],
)
def test_what_is_no_wav_is_named(content: bytes, said: str) -> None:
    with pytest.raises(FileUnusable) as error:
        list(open_sounds(ByteSource(reads(content, [30])), "standard input").sounds())
    assert str(error.value).startswith("standard input ")
    assert said in str(error.value)


def walked(content: bytes, size: int | None, *, skim: bool) -> tuple[int, int, list[str], bool]:
    """Bytes of sound, how many of them were looked at, what was said, whether it is cut."""
    at = 0

    def read(count: int) -> bytes:
        nonlocal at
        at += count
        return content[at - count : at]

    def seek(to: int) -> None:
        nonlocal at
        at = to

    notes = Notes()
    pieces = list(walk(ByteSource(read, size, None if size is None else seek), notes, skim=skim))
    for piece in pieces:
        assert content[piece.at : piece.at + len(piece.data)] == piece.data
        assert piece.at + piece.length <= len(content)
    return sum(piece.length for piece in pieces), sum(len(p.data) for p in pieces), notes.said, notes.truncated


def parts() -> Iterator[st.SearchStrategy[bytes]]:
    """What a file of chunks may be made of, good and bad."""
    sound = data_of(TONE[:50])
    yield st.just(format_chunk(48_000, 1))
    yield st.just(format_chunk(44_100, 2, FLOAT, 32, extensible=True))
    yield st.sampled_from([None, 0, 3, 10**6, 0xFFFF_FFFF, 0x7FFF_F000]).map(lambda size: chunk(b"data", sound, size))
    yield st.sampled_from([None, 0, 3, 10**6]).map(lambda size: chunk(b"LIST", b"INFOISFT", size))
    yield st.just(wav(TONE[:20]))
    yield st.just(b"RIFF\0\0\0\0WAVE")
    yield st.binary(max_size=20)


@settings(deadline=None)
@given(st.lists(st.one_of(*parts()), max_size=6))
def test_any_row_of_chunks_is_walked_the_same_skimming_or_not(chunks: list[bytes]) -> None:
    content = riff(*chunks)
    try:
        whole = walked(content, len(content), skim=False)
    except NotWav:
        with pytest.raises(NotWav):
            walked(content, len(content), skim=True)
        return
    skimmed = walked(content, len(content), skim=True)
    assert whole[0] == whole[1] == skimmed[0]
    assert whole[2:] == skimmed[2:]
    walked(content, None, skim=False)
