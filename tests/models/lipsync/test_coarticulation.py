"""The rules lips do not bend, on a few made-up utterances."""

import numpy as np
import pytest

from models.lipsync.coarticulation import CLOSING_LEAD_S, dominance, mouth
from models.lipsync.phones import BILABIALS, COMMON, SILENCE, Phone
from models.lipsync.visemes import CHANNELS

TIMES = np.arange(0, 1.2, 1 / 240)
JAW, FUNNEL, PUCKER, PRESS, ROLL = (
    CHANNELS.index(n) for n in ("JawOpen", "MouthFunnel", "MouthPucker", "MouthPress", "MouthRollLower")
)


def say(*symbols: str, each_s: float = 0.1) -> list[Phone]:
    phones = [Phone(SILENCE, 0.0, 0.2)]
    phones += [Phone(s, 0.2 + i * each_s, 0.2 + (i + 1) * each_s) for i, s in enumerate(symbols)]
    return [*phones, Phone(SILENCE, phones[-1].end_s, 1.2)]


@pytest.mark.parametrize("bilabial", sorted(BILABIALS))
@pytest.mark.parametrize("vowel", ["AA", "IY", "UW"])
def test_a_bilabial_closes_the_lips_with_press_between_any_vowels(bilabial: str, vowel: str) -> None:
    shown = mouth(say(vowel, bilabial, vowel), TIMES)
    middle = np.abs(TIMES - 0.335).argmin()
    gap = shown.channels[:, JAW] * (1 - shown.closure)
    assert gap[middle] <= 0.02
    assert shown.channels[middle, PRESS] >= 0.2
    assert gap[np.abs(TIMES - 0.25).argmin()] > 0.05


def test_the_lips_meet_a_little_before_the_sound() -> None:
    shown = mouth(say("AA", "M", "AA"), TIMES)
    onset_s = TIMES[np.flatnonzero(shown.closure > 0.5)[0]]
    assert onset_s == pytest.approx(0.3 - CLOSING_LEAD_S, abs=1 / 240)


@pytest.mark.parametrize("other", [p for p in COMMON if p not in BILABIALS and p != SILENCE])
def test_no_other_phone_closes_the_lips(other: str) -> None:
    shown = mouth(say("AA", other, "AA"), TIMES)
    speech = shown.speech > 0
    assert not shown.closure.any()
    assert shown.channels[speech, JAW].min() > 0.05


@pytest.mark.parametrize("labiodental", ["F", "V"])
def test_labiodentals_touch(labiodental: str) -> None:
    shown = mouth(say("AA", labiodental, "AA"), TIMES)
    middle = np.abs(TIMES - 0.34).argmin()
    assert shown.contact[middle] == 1.0
    assert shown.channels[middle, ROLL] >= 0.3


def test_rounding_spreads_ahead_of_a_rounded_vowel() -> None:
    before_round = mouth(say("AA", "T", "UW"), TIMES).channels[:, PUCKER]
    before_spread = mouth(say("AA", "T", "IY"), TIMES).channels[:, PUCKER]
    in_the_t = np.abs(TIMES - 0.35).argmin()
    assert before_round[in_the_t] > before_spread[in_the_t] + 0.1


def test_sibilants_narrow_the_jaw() -> None:
    def jaw_in(consonant: str) -> float:
        return float(mouth(say("AA", consonant, "AA"), TIMES).channels[np.abs(TIMES - 0.35).argmin(), JAW])

    assert jaw_in("S") < 0.75 * jaw_in("N")
    assert jaw_in("S") < 0.65 * jaw_in("K")


def test_fast_speech_and_soft_speech_open_less() -> None:
    peak = mouth(say("AA", "N", "AA"), TIMES).channels[:, JAW].max()
    assert mouth(say("AA", "N", "AA", each_s=0.05), TIMES).channels[:, JAW].max() < peak
    soft = np.full(len(TIMES), -10.0, np.float32)
    assert mouth(say("AA", "N", "AA"), TIMES, soft).channels[:, JAW].max() < peak


def test_dominance_is_full_inside_a_phone_and_falls_off_by_its_reach() -> None:
    weights = dominance(
        np.array([0.5, 0.5 + 0.025 + 0.1]), np.array([0.45]), np.array([0.55]), np.array([0.8]), (0.1, 0.1)
    )
    assert weights[0, 0] == pytest.approx(0.8)
    assert weights[1, 0] == pytest.approx(0.8 / np.e, rel=1e-3)


def test_silence_is_a_closed_mouth_at_rest() -> None:
    shown = mouth([Phone(SILENCE, 0.0, 1.2)], TIMES)
    assert not shown.channels.any()
    assert not shown.closure.any()
