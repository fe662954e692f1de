"""Which sample format an ALSA device is opened in."""

from __future__ import annotations

from collections.abc import Iterator

import alsaaudio
import numpy as np
import pytest

from tests.devices.card import SoundCards
from visaged.audio.backends import alsa
from visaged.audio.errors import DeviceUnusable

_QUIET = np.zeros((48_000, 1), np.float32)


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    alsa._best_formats.clear()
    yield
    alsa._best_formats.clear()


def opened_as(name: str) -> str:
    pcm = alsa.open_pcm(name, alsaaudio.PCM_CAPTURE, 48_000, 10, 16)
    found: str = pcm.info()["format_name"]
    pcm.close()
    return found


def test_the_best_one_is_taken_and_not_asked_for_again(
    sound_cards: SoundCards, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound_cards.add("mic", _QUIET, sample_format="S32_LE", loop=True, raw=True)
    assert opened_as("mic") == "S32_LE"
    monkeypatch.setattr(alsa, "_best_format", lambda *_: pytest.fail("asked again"))
    assert opened_as("mic") == "S32_LE"


def test_another_card_under_the_same_name_is_asked_anew(sound_cards: SoundCards) -> None:
    sound_cards.add("mic", _QUIET, sample_format="S24_3LE", loop=True, raw=True)
    alsa._best_formats["mic", alsaaudio.PCM_CAPTURE] = alsaaudio.PCM_FORMAT_S32_LE
    assert opened_as("mic") == "S24_3LE"
    assert opened_as("mic") == "S24_3LE"


def test_one_without_a_format_we_know_is_refused(sound_cards: SoundCards, monkeypatch: pytest.MonkeyPatch) -> None:
    sound_cards.add("mic", _QUIET, loop=True, raw=True)
    monkeypatch.setattr(alsa, "SAMPLE_BYTES", {"MU_LAW": 1})
    with pytest.raises(DeviceUnusable, match="none of the sample formats"):
        opened_as("mic")
    assert alsa._best_formats == {}
