"""Every phone has a shape, and the shapes say what lips do."""

from models.lipsync.phones import BILABIALS, COMMON, LABIODENTALS, ROUNDED, SILENCE
from models.lipsync.visemes import DIPHTHONGS, OVR, SHAPES, VISEME, check


def test_tables_are_complete() -> None:
    check()
    assert set(VISEME.values()) == set(OVR)


def test_rounded_phones_are_rounder_than_all_spread_ones() -> None:
    def roundness(phone: str) -> float:
        shape = SHAPES[DIPHTHONGS.get(phone, (phone,))[0]]
        return shape.funnel + shape.pucker

    spread = [p for p in COMMON if SHAPES.get(p) and SHAPES[p].stretch > 0.1]
    assert min(roundness(p) for p in ROUNDED) > max(roundness(p) for p in spread)


def test_only_the_lips_phones_hold_the_lips_firmly() -> None:
    firm = {p for p in SHAPES if SHAPES[p].hold_lips == 1.0}
    assert firm == BILABIALS | LABIODENTALS


def test_silence_is_a_closed_relaxed_mouth() -> None:
    assert not SHAPES[SILENCE].values().any()
