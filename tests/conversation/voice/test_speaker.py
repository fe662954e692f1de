"""The answer on its way to the speaker: silenced at once, lowered without a click."""

from __future__ import annotations

import numpy as np

from visaged.audio.follower import DelayedRing
from visaged.audio.ring import AudioRing
from visaged.clock import Timeline
from visaged.conversation.voice.speaker import DUCKED, SpeakerVoice


def voice() -> SpeakerVoice:
    ring, timeline = AudioRing(), Timeline()
    ring.write(np.ones(48_000, np.float32))
    timeline.restart(0, 0)
    return SpeakerVoice(DelayedRing(ring, timeline, lambda: 0))


def test_what_was_silenced_is_not_due_and_the_next_answer_is() -> None:
    speaker = voice()
    assert speaker.position_at(0.1e9) == 4_800
    speaker.silence_until(9_600)
    assert speaker.position_at(0.1e9) is None
    assert speaker.position_at(0.2e9) == 9_600


def test_it_steps_back_and_comes_again_along_a_ramp() -> None:
    speaker, out = voice(), np.zeros(480, np.float32)
    gains = []
    for ducked in (False, True, True, False, False):
        speaker.duck(ducked)
        speaker.read(0, out)
        gains.append((float(out[0]), float(out[-1])))
    assert gains == [(1, 1), (1, DUCKED), (DUCKED, DUCKED), (DUCKED, 1), (1, 1)]
