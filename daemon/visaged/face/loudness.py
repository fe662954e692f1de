"""A running normaliser: how loud this moment is for this voice, in this room, at this microphone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from visaged.face.solver import FRAME_RATE_HZ

# Start low: the first syllable of a quiet microphone opens the mouth, and a loud one corrects it within two frames.
_START_PEAK_DB: Final = -45.0
# The room is learned from the first frame on; that frame may already be speech, so it is not believed above this.
_MAX_START_FLOOR_DB: Final = -50.0
# Digital silence says nothing about the room that comes after it.
_MIN_FLOOR_DB: Final = -80.0
# Quieter than this at the converter is never a voice.
_MIN_PEAK_DB: Final = -58.0
# The loud parts of speech lie at least this far above the room, or there is no speech to show.
_MIN_RANGE_DB: Final = 15.0
# Syllables come at 4 - 5 a second: within one, half of the way up.
_PEAK_RISE: Final = 0.35
# Slow enough that a soft clause stays soft, fast enough that a softer speaker is understood in a few sentences.
_PEAK_FALL_DB_PER_S: Final = 2.0
# This much voice without one frame near the peak is a new voice (or the end of a shock), not a nasal or a soft
# syllable: come down to it at once.
_NEAR_DB: Final = 10.0
_PATIENCE_FRAMES: Final = 7
_CATCH_UP: Final = 0.3
# The floor follows pauses down at once and creeps up between them (minimum statistics, R. Martin 2001, in short).
_FLOOR_FALL: Final = 0.3
_FLOOR_RISE_DB_PER_S: Final = 3.0
# Above the floor by this is sound, not the room.
_MARGIN_DB: Final = 6.0


@dataclass
class Loudness:
    """What the stream has taught so far. Levels in dBFS."""

    peak_db: float = _START_PEAK_DB
    floor_db: float | None = None
    """None until the first frame."""
    frames_below: int = 0
    """Voiced frames since one came near the peak."""


def hear(loudness: Loudness, level_db: float, voiced: bool) -> tuple[float, float]:
    """Take in one frame's level; only a ``voiced`` frame may set the peak.

    Returns the level relative to the voice's loud parts (0 dB: a stressed vowel; pauses: -20 and less) and the level
    above the room's floor, both in dB.
    """
    floor_db = min(level_db, _MAX_START_FLOOR_DB) if loudness.floor_db is None else loudness.floor_db
    if level_db < floor_db:
        floor_db += _FLOOR_FALL * (level_db - floor_db)
    else:
        floor_db += min(_FLOOR_RISE_DB_PER_S / FRAME_RATE_HZ, level_db - floor_db)
    loudness.floor_db = floor_db = max(floor_db, _MIN_FLOOR_DB)
    if voiced and level_db > floor_db + _MARGIN_DB:
        if level_db > loudness.peak_db:
            loudness.peak_db += _PEAK_RISE * (level_db - loudness.peak_db)
        else:
            loudness.peak_db -= _PEAK_FALL_DB_PER_S / FRAME_RATE_HZ
        short_db = loudness.peak_db - _NEAR_DB - level_db
        loudness.frames_below = loudness.frames_below + 1 if short_db > 0 else 0
        if loudness.frames_below > _PATIENCE_FRAMES:
            loudness.peak_db -= _CATCH_UP * short_db
    loudness.peak_db = max(loudness.peak_db, floor_db + _MIN_RANGE_DB, _MIN_PEAK_DB)
    return level_db - loudness.peak_db, level_db - floor_db
