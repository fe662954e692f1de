"""Targets of the three look-aheads are the same mouth at three times."""

import numpy as np

from models.lipsync.phones import SILENCE, Phone
from models.lipsync.targets import CLOSURE, SPEECH, VISEME_CLASS, targets
from models.lipsync.utterance import RATE_HZ
from models.lipsync.visemes import OVR

PHONES = [
    Phone(SILENCE, 0, 0.3),
    Phone("AA", 0.3, 0.5),
    Phone("M", 0.5, 0.6),
    Phone("AA", 0.6, 0.8),
    Phone(SILENCE, 0.8, 1.0),
]
SOUND = (0.1 * np.sin(np.arange(RATE_HZ) / 10)).astype(np.float32)


def closing_s(head: int) -> float:
    made = targets(SOUND, PHONES, 60)
    return float((np.flatnonzero(made[head, :, CLOSURE] > 127)[0] + 1) / 60)


def test_a_head_that_looks_ahead_answers_later_by_its_look_ahead() -> None:
    assert closing_s(0) - 0.49 < 1 / 60
    assert 0.04 - 1 / 60 <= closing_s(1) - closing_s(0) <= 0.04 + 1 / 60
    assert 0.08 - 1 / 60 <= closing_s(2) - closing_s(0) <= 0.08 + 1 / 60


def test_classes_and_speech_follow_the_phones() -> None:
    made = targets(SOUND, PHONES, 60)[0]
    assert OVR[made[32, VISEME_CLASS]] == "PP"
    assert OVR[made[5, VISEME_CLASS]] == "sil"
    assert made[40, SPEECH] == 255
    assert made[55, SPEECH] == 0
