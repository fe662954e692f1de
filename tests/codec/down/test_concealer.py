from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.codec.clicks import find_clicks
from tests.codec.fakes import ToneDecoder, Tones, tone_codes
from visaged.codec.down.concealer import Concealer
from visaged.codec.down.extrapolate import HISTORY, extrapolate
from visaged.codec.frame_codec import CODEC_RATE_HZ, FRAME, Codes, Pcm

LOUD = tone_codes(0.2, 0.1, 0.05)


class Forgetful(ToneDecoder):
    """A decoder whose frames join badly: each begins at the same phase."""

    def step(self, codes: Codes, state: Tones, pcm: Pcm) -> Tones:
        return Tones(self.initial_state().phases, super().step(codes, state, pcm).strengths)


def play(concealer: Concealer, script: str) -> NDArray[np.float32]:
    """``f``: a frame, ``s``: one that is shorter by 40 ms, ``r``: one with a reset, ``m``: one that is missing,
    ``p``: 20 ms of one that is missing, ``e``: the end.
    """
    pieces: list[NDArray[np.float32]] = []
    for letter in script.replace("m", "pppp"):
        pcm = np.zeros(FRAME, np.float32)
        if letter in "fsr":
            count = concealer.say(LOUD, pcm, reset=letter == "r", shorter=2 if letter == "s" else 0)
        else:
            count = concealer.miss(pcm) if letter == "p" else concealer.end(pcm)
        pieces.append(pcm[:count])
    return np.concatenate(pieces)


@pytest.mark.parametrize(
    "script",
    [
        "ffmff",
        "ffmmmmmff",
        "ffeff",
        "ffrff",
        "fferffmrff",
        "meffmee",
        "ffsff",
        "ffpsff",
        "ffppeff",
        "ffpfpppff",
        "ffmmppe",
    ],
)
def test_nothing_clicks_whatever_happens(script: str) -> None:
    assert find_clicks(play(Concealer(ToneDecoder()), script)) == []


def test_a_bad_seam_inside_the_codec_is_seen_by_the_detector_and_closed_where_frames_are_missing() -> None:
    assert find_clicks(play(Concealer(Forgetful()), "ffff"))
    clicks = find_clicks(play(Concealer(Forgetful()), "fmmm"))
    assert clicks == []


def test_missing_frames_repeat_ever_softer_and_then_are_silent() -> None:
    frames = play(Concealer(ToneDecoder()), "fffmmmm").reshape(-1, FRAME)
    levels = np.sqrt((frames**2).mean(axis=1))
    assert levels[2] > levels[3] > levels[4] > levels[5] > 0
    assert levels[6] < 1e-4
    spectrum = np.abs(np.fft.rfft(frames[3]))
    assert np.argmax(spectrum) == np.argmax(np.abs(np.fft.rfft(frames[2])))


def test_silence_costs_no_decoding() -> None:
    decoder = ToneDecoder()
    play(Concealer(decoder), "f" + "m" * 20 + "eee")
    assert decoder.steps == 1 + 4, "one for nothing"


def test_a_decoder_that_failed_begins_afresh() -> None:
    decoder = ToneDecoder()
    concealer, pcm = Concealer(decoder), np.zeros(FRAME, np.float32)
    concealer.say(LOUD, pcm)
    decoder.fail = RuntimeError("out of memory")
    with pytest.raises(RuntimeError):
        concealer.say(LOUD, pcm)
    decoder.fail = None
    concealer.forget()
    concealer.say(LOUD, pcm)
    assert abs(pcm[0]) < 1e-3
    assert decoder.resets == 3, "one for nothing"


def test_a_tone_is_foretold_and_silence_stays_silence() -> None:
    times = np.arange(HISTORY + 240) / CODEC_RATE_HZ
    tone = (0.3 * np.sin(2 * np.pi * 200 * times) + 0.1 * np.sin(2 * np.pi * 900 * times)).astype(np.float32)
    np.testing.assert_allclose(extrapolate(tone[:HISTORY], 24), tone[HISTORY:][:24], atol=2e-2)
    assert not extrapolate(np.zeros(HISTORY, np.float32), 240).any()


def test_noise_is_foretold_to_die_away() -> None:
    noise = np.random.default_rng(1).normal(0, 0.3, HISTORY).astype(np.float32)
    future = extrapolate(noise, 2400)
    assert np.abs(future).max() < 2
    assert np.abs(future[-240:]).max() < np.abs(future[:240]).max()
