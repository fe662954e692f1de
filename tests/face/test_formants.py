from __future__ import annotations

import numpy as np
import pytest

from tests.face import voice
from visaged.face.formants import FormantFinder
from visaged.face.spectrum import WINDOW, Band, ShortSpectrum


@pytest.mark.parametrize("name", ["a", "i", "u"])
@pytest.mark.parametrize("pitch_hz", [90, 140, 210])
def test_the_formants_of_a_vowel_are_found(name: str, pitch_hz: float) -> None:
    sound = voice.vowel(name, 0.5, pitch_hz=pitch_hz)
    found = FormantFinder().find(ShortSpectrum().power(sound[9600 : 9600 + WINDOW]))
    assert found is not None
    f1_hz, f2_hz, _ = voice.VOWELS[name]
    # A high voice shows its formants only where it has harmonics.
    assert found[0] == pytest.approx(f1_hz, abs=60 + pitch_hz / 4)
    assert found[1] == pytest.approx(f2_hz, abs=80 + pitch_hz / 4)


def test_silence_has_no_formants() -> None:
    assert FormantFinder().find(ShortSpectrum().power(np.zeros(WINDOW, np.float32))) is None


@pytest.mark.parametrize("amplitude", [1e-6, 1.0])
def test_a_pure_tone_breaks_nothing(amplitude: float) -> None:
    tone = (amplitude * np.sin(np.arange(WINDOW) * 0.1)).astype(np.float32)
    found = FormantFinder().find(ShortSpectrum().power(tone))
    assert found is None or all(np.isfinite(found))


def test_a_full_scale_sine_is_0_dbfs_in_its_band_and_nothing_outside() -> None:
    sine = np.sin(2 * np.pi * 1000 * np.arange(WINDOW) / 48000).astype(np.float32)
    power = ShortSpectrum().power(sine)
    assert Band(800, 1200).level_db(power) == pytest.approx(0, abs=0.1)
    assert Band(2000, 4000).level_db(power) < -60
    assert Band(100, 20000).level_db(ShortSpectrum().power(np.zeros(WINDOW, np.float32))) == pytest.approx(
        -120, abs=0.1
    )
