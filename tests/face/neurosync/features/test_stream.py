from __future__ import annotations

import numpy as np
import pytest
import soxr

from tests.face.voice import Sound, hiss, noise, silence, vowel
from visaged.audio.file_reader import read_all
from visaged.clock import RATE_HZ
from visaged.face.neurosync.features.cepstra import CEPSTRA
from visaged.face.neurosync.features.clip import features
from visaged.face.neurosync.features.speech import SPEECH_LOUDEST_DB, SPEECH_MEAN
from visaged.face.neurosync.features.statistics import LEVEL_GAIN, Statistics
from visaged.face.neurosync.features.stream import FeatureStream, StreamState
from visaged.face.neurosync.features.tail import Tail
from visaged.face.neurosync.features.upsample import DELAY_MS, STEP, NeurosyncUpsampler
from visaged.face.solver import HOP
from visaged.samples import speech_path


@pytest.fixture(scope="module")
def speech() -> Sound:
    return read_all(speech_path())


def upsampled(sound: Sound) -> Sound:
    upsampler, state = NeurosyncUpsampler(), NeurosyncUpsampler.initial_state()
    out = np.zeros(len(sound) // HOP * STEP, np.float32)
    for step in range(len(sound) // HOP):
        upsampler.step(sound[step * HOP : (step + 1) * HOP], state, out[step * STEP : (step + 1) * STEP])
    return out


def windows(sound: Sound, state: StreamState | None = None) -> tuple[np.ndarray, StreamState]:
    stream, state = FeatureStream(), state or StreamState()
    for step in range(len(sound) // HOP):
        stream.step(sound[step * HOP : (step + 1) * HOP], state)
    out = np.zeros((128, 256), np.float32)
    stream.window(state, out)
    return out, state


def test_resampling_is_soxr_s_a_millisecond_later(speech: Sound) -> None:
    sound = speech[: 2 * RATE_HZ]
    ours = upsampled(sound)
    shifted = np.concatenate([np.zeros(round(RATE_HZ * DELAY_MS / 1000), np.float32), sound])
    theirs = soxr.resample(shifted, RATE_HZ, 88_200, quality="VHQ")[: len(ours)]
    assert np.abs(ours - theirs)[200:-400].max() < 2e-3


@pytest.mark.parametrize("frequency_hz", [100, 1000, 8000, 18_000])
def test_a_tone_keeps_its_height_and_has_no_images(frequency_hz: int) -> None:
    tone = np.sin(2 * np.pi * frequency_hz * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    ours = upsampled(tone)[4410:-4410]
    level = np.abs(np.fft.rfft(ours * np.blackman(len(ours))))
    peak = int(level.argmax())
    assert peak * 88_200 / len(ours) == pytest.approx(frequency_hz, abs=2)
    assert level[peak] / (0.42 * len(ours) / 2) == pytest.approx(1, abs=2e-3)
    level[peak - 10 : peak + 11] = 0
    assert 20 * np.log10(level.max() / (0.21 * len(ours))) < -80


def test_with_the_clip_s_own_statistics_the_stream_is_the_batch(speech: Sound) -> None:
    """What differs live is only what a finished clip can tell."""
    sound = speech[: 5 * RATE_HZ]
    clip = upsampled(sound)
    batch = features(clip)
    stream, state = FeatureStream(), StreamState()
    for step in range(len(sound) // HOP):
        stream.step(sound[step * HOP : (step + 1) * HOP], state)
    out = np.zeros((128, 256), np.float32)
    stream.window(state, out)
    live, end = out[:126], len(sound) // HOP
    theirs = batch[end - 128 : end - 2]
    assert np.abs(live[:, 69:] - theirs[:, 69:]).max() < 1e-4
    # Every cepstrum and slope is the batch's, but for one factor and one offset per coefficient: the statistics. Levels
    # under the floor, which the stream has to guess, are left out.
    for column in range(CEPSTRA):
        loud = theirs[:, 0] > -0.5
        factor, offset = np.polyfit(live[loud, column], theirs[loud, column], 1)
        assert np.abs(factor * live[loud, column] + offset - theirs[loud, column]).max() < 0.35, column
        assert 0.4 < factor < 2.5


def test_the_stream_comes_close_to_the_batch_and_closer_in_time(speech: Sound) -> None:
    batch = features(upsampled(speech))
    distances = []
    for seconds in (4, 16):
        live, _ = windows(speech[: seconds * RATE_HZ])
        theirs = batch[seconds * 60 - 128 : seconds * 60]
        distances.append(float(np.sqrt(np.mean((live - theirs)[:126, :CEPSTRA] ** 2))))
    assert distances[1] < 0.25
    assert distances[0] < 0.6


def test_a_quieter_voice_looks_the_same_after_a_while(speech: Sound) -> None:
    sound = speech[: 15 * RATE_HZ]
    loud, _ = windows(sound)
    quiet, _ = windows(sound * np.float32(0.1))
    assert np.sqrt(np.mean((loud - quiet) ** 2)) < 0.12


def test_long_silence_teaches_nothing(speech: Sound) -> None:
    _, spoken = windows(speech[: 8 * RATE_HZ])
    mean = spoken.statistics.mean.copy()
    room = noise(20, -75)
    _, after = windows(room, spoken)
    assert np.abs((after.statistics.mean - mean) / spoken.statistics.deviation).max() < 0.35
    assert not after.statistics.speech


def test_the_prior_follows_the_level() -> None:
    statistics = Statistics(loudest_db=SPEECH_LOUDEST_DB - 20)
    statistics.settle()
    assert statistics.mean[0] == pytest.approx(SPEECH_MEAN[0] - 20 * LEVEL_GAIN)
    assert statistics.mean[1] == pytest.approx(SPEECH_MEAN[1])


@pytest.mark.parametrize("sound", [silence(3), noise(3, 0), hiss(3, 0), np.ones(3 * RATE_HZ, np.float32)])
def test_whatever_is_heard_the_window_is_finite(sound: Sound) -> None:
    out, state = windows(sound)
    assert np.isfinite(out).all()
    back, _ = windows(vowel("a", 3), state)
    assert np.isfinite(back).all()


def test_the_tail_is_the_newest_rows() -> None:
    tail = Tail(6, 1)
    for first in range(0, 40, 2):
        tail.push(np.array([[first], [first + 1]], np.float32))
        newest = tail.newest[:, 0].tolist()
        assert newest[-2:] == [first, first + 1]
        assert len(newest) == 6
    assert newest == [34, 35, 36, 37, 38, 39]
