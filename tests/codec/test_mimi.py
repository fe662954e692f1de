from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.inference.tiny import write_tiny
from visaged.codec.frame_codec import FRAME, Codes, Pcm
from visaged.codec.mimi import MimiDecoder, MimiEncoder, MimiState
from visaged.inference.errors import PackageError
from visaged.inference.package import Package

Pair = tuple[Package, Package]


def voice(frames: int, seed: int = 0) -> Pcm:
    """float32 [frames, 1920]: noise that comes and goes."""
    noise = np.random.default_rng(seed).standard_normal(frames * FRAME) * 0.1
    return (noise * np.sin(np.arange(len(noise)) / 4000)).astype(np.float32).reshape(frames, FRAME)


def encode(encoder: MimiEncoder, sound: Pcm) -> Codes:
    codes = np.zeros((len(sound), encoder.codebooks), np.uint16)
    state = encoder.initial_state()
    for frame, row in zip(sound, codes, strict=True):
        state = encoder.step(frame, state, row)
    return codes


def decode(decoder: MimiDecoder, codes: Codes) -> Pcm:
    sound = np.zeros((len(codes), FRAME), np.float32)
    state = decoder.initial_state()
    for row, frame in zip(codes, sound, strict=True):
        state = decoder.step(row, state, frame)
    return sound


def test_a_stream_begun_anew_says_the_same_again(mimi_packages: Pair) -> None:
    encoder, decoder = MimiEncoder(mimi_packages[0]), MimiDecoder(mimi_packages[1])
    sound = voice(15)
    codes = encode(encoder, sound)
    assert len(np.unique(codes, axis=0)) > 10
    assert (encode(encoder, sound) == codes).all()
    said = decode(decoder, codes)
    assert said.any(axis=1).all()
    assert (decode(decoder, codes) == said).all()


def test_the_past_is_heard(mimi_packages: Pair) -> None:
    """A frame alone has other codes than the same frame in a stream: state is carried."""
    encoder = MimiEncoder(mimi_packages[0])
    sound = voice(12)
    assert (encode(encoder, sound)[-1] != encode(encoder, sound[-1:])[0]).any()


def test_after_a_week_of_uptime_the_codes_are_the_same(mimi_packages: Pair) -> None:
    encoder = MimiEncoder(mimi_packages[0])
    sound = voice(50)
    fresh, aged = encode(encoder, sound), np.zeros((50, 8), np.uint16)
    state = encoder.initial_state()
    # A multiple of the ring's length, as the ring itself has not turned.
    state.steps = 7 * 24 * 3600 * 25 // 2
    for frame, row in zip(sound, aged, strict=True):
        state = encoder.step(frame, state, row)
    # By then all that was before the first frame, nothing or a week of silence, is out of every layer's window.
    assert (aged[25:] == fresh[25:]).all()


def test_fewer_codebooks_are_the_first_of_all(mimi_packages: Pair) -> None:
    sound = voice(6)
    everything, few = MimiEncoder(mimi_packages[0]), MimiEncoder(mimi_packages[0], codebooks=3)
    codes = encode(everything, sound)
    assert (encode(few, sound) == codes[:, :3]).all()
    said = decode(MimiDecoder(mimi_packages[1], codebooks=3), codes[:, :3])
    assert np.isfinite(said).all()
    assert np.abs(said - decode(MimiDecoder(mimi_packages[1]), codes)).max() > 1e-3


def test_more_codebooks_than_the_package_has_are_refused(mimi_packages: Pair) -> None:
    with pytest.raises(PackageError, match=r"has 8, codec\.codebooks = 9 .* --codebooks 9"):
        MimiEncoder(mimi_packages[0], codebooks=9)


@pytest.mark.parametrize("wrong", [2048, 65_535])
def test_a_code_out_of_range_changes_nothing(mimi_packages: Pair, wrong: int) -> None:
    decoder = MimiDecoder(mimi_packages[1])
    codes, sound = encode(MimiEncoder(mimi_packages[0]), voice(4)), np.zeros(FRAME, np.float32)
    state = decoder.initial_state()
    for row in codes[:3]:
        state = decoder.step(row, state, sound)
    bad = codes[3].copy()
    bad[5] = wrong
    with pytest.raises(ValueError, match="accepted are 0 to 2047"):
        decoder.step(bad, state, sound)
    decoder.step(codes[3], state, sound)
    assert (sound == decode(decoder, codes)[3]).all()


def test_other_shapes_are_refused(mimi_packages: Pair) -> None:
    encoder, decoder = MimiEncoder(mimi_packages[0]), MimiDecoder(mimi_packages[1])
    codes, sound = np.zeros(8, np.uint16), np.zeros(FRAME, np.float32)
    with pytest.raises(ValueError, match=r"accepted: \(1920,\)"):
        encoder.step(sound[:960], encoder.initial_state(), codes)
    # A text token before the eight of the sound: a stream of Moshi's.
    with pytest.raises(ValueError, match=r"accepted: \(8,\)"):
        decoder.step(np.zeros(9, np.uint16), decoder.initial_state(), sound)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e30])
def test_sound_that_is_no_sound_does_not_stay_in_the_stream(mimi_packages: Pair, poison: float) -> None:
    encoder = MimiEncoder(mimi_packages[0])
    sound, clean = voice(8), voice(8)
    sound[2, 700], clean[2, 700] = poison, 0.0 if np.isnan(poison) else np.clip(poison, -1, 1)
    assert (encode(encoder, sound) == encode(encoder, clean)).all()


def test_a_decoder_that_breaks_is_silent_and_begins_anew(mimi_packages: Pair) -> None:
    decoder = MimiDecoder(mimi_packages[1])
    codes = encode(MimiEncoder(mimi_packages[0]), voice(3))
    state, sound = decoder.initial_state(), np.ones(FRAME, np.float32)
    state.stream.read_state()
    # As a bit flipped in memory would: the next step's tail is no number.
    _poison(state)
    state = decoder.step(codes[0], state, sound)
    assert not sound.any()
    assert state.steps == 0
    decoder.step(codes[0], state, sound)
    assert (sound == decode(decoder, codes[:1])[0]).all()


def _poison(state: MimiState) -> None:
    for ring in state.stream._rings:
        ring.values.fill(np.nan)


def test_a_step_allocates_no_array(mimi_packages: Pair) -> None:
    encoder, decoder = MimiEncoder(mimi_packages[0]), MimiDecoder(mimi_packages[1])
    hears, says = encoder.initial_state(), decoder.initial_state()
    frame, codes, sound = voice(1)[0], np.zeros(8, np.uint16), np.zeros(FRAME, np.float32)

    def turn(times: int) -> None:
        nonlocal hears, says
        for _ in range(times):
            hears = encoder.step(frame, hears, codes)
            says = decoder.step(codes, says, sound)

    turn(10)
    tracemalloc.start()
    try:
        # onnxruntime keeps a pool of small objects (124 B each, up to 128) that first has to fill.
        turn(150)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        turn(50)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1024
    # A frame of sound is 7680 bytes.
    assert peak - before < 4000


def test_what_is_used_is_reported(mimi_packages: Pair) -> None:
    decoder = MimiDecoder(mimi_packages[1], precision="int8")
    assert (decoder.precision, decoder.providers) == ("int8", ("CPUExecutionProvider",))


def test_another_models_package_is_refused(mimi_packages: Pair, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="kind: is mimi-decoder; accepted: mimi-encoder"):
        MimiEncoder(mimi_packages[1])
    with pytest.raises(PackageError, match="24000 Hz"):
        MimiEncoder(write_tiny(tmp_path / "tiny", kind="mimi-encoder"))
    with pytest.raises(PackageError, match="must hold cos, sin, mask"):
        MimiEncoder(write_tiny(tmp_path / "tuned", kind="mimi-encoder", sample_rate_hz=24_000, frame_rate_hz=12.5))
