"""The upper face and the head from prosody: accents lift the brows and nod the head, the end of a phrase asks for a
blink.

No model. Accents are high pitch and high loudness, each relative to this voice so far. Brows rise with pitch accents
(C. Cavé et al., "About the relationship between eyebrow movements and F0 variations", ICSLP 1996), the head moves
with stress (K. Munhall et al., "Visual prosody and speech intelligibility", Psychological Science 15, 2004), blinks
gather at the ends of phrases. Runs on the solver's thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic

import numpy as np

from visaged.curves import INDEX, MAXIMUM, MINIMUM, Pose
from visaged.face.loudness import Loudness, hear
from visaged.face.pitch import PitchState, PitchTracker
from visaged.face.solver import FRAME_RATE_HZ, Solver, Sound, State
from visaged.face.sound_delay import SoundDelay

_STEP_S: Final = 1 / FRAME_RATE_HZ
_BROW_INNER: Final = INDEX["BrowInnerUp"]
_BROW_OUTER_LEFT: Final = INDEX["BrowOuterUpLeft"]
_BROW_OUTER_RIGHT: Final = INDEX["BrowOuterUpRight"]
_HEAD_PITCH: Final = INDEX["HeadPitch"]
_HEAD_YAW: Final = INDEX["HeadYaw"]

# At gain 1 a strong accent reaches these. Expressive people lift the inner brow to 0.32 (95 % of the time below) and
# the outer to 0.37; talking should stay under it.
_INNER_LIFT: Final = 0.28
_OUTER_LIFT: Final = 0.16
# No brow pair moves quite alike.
_RIGHT_SHARE: Final = 0.9
# Radians; positive pitch is down on the wire. 3 degrees down on a stressed syllable, 1.5 degrees of turn in a phrase.
_NOD: Final = 0.14
_TURN: Final = 0.05

# A periodicity above this is voiced speech.
_VOICED: Final = 0.6
# Sound this far above the room and this close to the voice's loud parts is speech going on.
_SPEECH_ABOVE_DB: Final = 9.0
_SPEECH_BELOW_PEAK_DB: Final = 24.0
# Accents start this many mean deviations above the voice's mean pitch and are full so many higher.
_PITCH_START: Final = 0.8
_PITCH_SPAN: Final = 1.6
# Read speech deviates by 2 - 3 semitones from its mean; below 1 it is monotonous and stays so.
_START_DEVIATION: Final = 2.0
_LEAST_DEVIATION: Final = 1.0
# A leap beyond this is an octave error of the tracker, not a voice.
_PITCH_LEAP_SEMITONES: Final = 9.0
_LOUD_START_DB: Final = -9.0
_LOUD_SPAN_DB: Final = 9.0
_PITCH_SHARE: Final = 0.6
# The voice's mean pitch: known after half a second of voice, then slow to change.
_MEAN_QUICK_S: Final = 0.5
_MEAN_SLOW_S: Final = 6.0
# Every stressed vowel is loud; brows wait for more than that.
_BROW_START: Final = 0.3
# Brows rise within 150 ms and sink more slowly; the head is heavier.
_BROW_RISE_S: Final = 0.06
_BROW_FALL_S: Final = 0.16
_HEAD_S: Final = 0.07
_TURN_S: Final = 0.35
# Stress against the run of the phrase: the difference of these two makes a dip and a rebound.
_STRESS_QUICK_S: Final = 0.05
_STRESS_SLOW_S: Final = 0.45
# A pause this long after speech this long ends a phrase (shorter ones are stop closures).
_PAUSE_S: Final = 0.2
_PHRASE_S: Final = 0.5
# How long the hint stands, falling: a blink begins at a random moment within it.
_HINT_S: Final = 0.25


@dataclass(frozen=True)
class ProsodyGains:
    """How much of it to show: 0 nothing, 1 as a calm speaker, 2 lively."""

    brows: float = 1.0
    head: float = 1.0


@dataclass
class ProsodyState:
    """One stream."""

    pitch: PitchState
    loudness: Loudness = field(default_factory=Loudness)
    mean_semitones: float = 0.0
    deviation_semitones: float = _START_DEVIATION
    voiced_s: float = 0.0
    """How much voice the mean is made of."""
    quick_stress: float = 0.0
    slow_stress: float = 0.0
    brow: float = 0.0
    brow_velocity: float = 0.0
    nod: float = 0.0
    nod_velocity: float = 0.0
    turn: float = 0.0
    turn_velocity: float = 0.0
    side: float = 1.0
    """Which way this phrase turns the head; the next turns the other way."""
    speech_s: float = 0.0
    pause_s: float = 0.0
    phrase_end: float = 0.0
    """A hint for blinks: 1 when a phrase has just ended, falling to 0 within 250 ms."""


class Prosody:
    """Adds brows and head to a pose, as the voice asks. Scratch memory and gains only; the stream is in the state."""

    def __init__(self, gains: ProsodyGains | None = None) -> None:
        self.gains = gains or ProsodyGains()
        self._tracker = PitchTracker()

    def initial_state(self) -> ProsodyState:
        """The state of a stream that has heard nothing but silence."""
        return ProsodyState(self._tracker.initial_state())

    def step(self, sound: Sound, state: ProsodyState, pose: Pose) -> ProsodyState:
        """Hear ``sound`` (float32 [800], 48 kHz) and add to ``pose`` (float32 [61]); stays within the curves' range.

        Adds to BrowInnerUp, BrowOuterUpLeft / Right, HeadPitch and HeadYaw. Beside a solver with look-ahead the
        gestures lead the mouth by that look-ahead, as they lead the accented vowel in people.
        """
        pitch_hz, periodicity = self._tracker.step(sound, state.pitch)
        voiced = periodicity > _VOICED and pitch_hz > 0.0
        level_db = 10.0 * math.log10(float(np.dot(sound, sound)) / len(sound) + 1e-12)
        below_peak_db, above_floor_db = hear(state.loudness, level_db, voiced)
        speech = above_floor_db > _SPEECH_ABOVE_DB and below_peak_db > -_SPEECH_BELOW_PEAK_DB
        accent = _accent(state, pitch_hz, below_peak_db) if voiced and speech else 0.0
        _follow_phrase(state, speech)
        _move(state, accent)
        self._show(state, pose)
        return state

    def _show(self, state: ProsodyState, pose: Pose) -> None:
        lift = self.gains.brows * max(state.brow, 0.0)
        for index, amount in (
            (_BROW_INNER, _INNER_LIFT * lift),
            (_BROW_OUTER_LEFT, _OUTER_LIFT * lift),
            (_BROW_OUTER_RIGHT, _OUTER_LIFT * _RIGHT_SHARE * lift),
            (_HEAD_PITCH, _NOD * self.gains.head * state.nod),
            (_HEAD_YAW, _TURN * self.gains.head * state.turn),
        ):
            pose[index] = min(max(pose[index] + amount, MINIMUM[index]), MAXIMUM[index])


@dataclass
class ProsodySolverState(Generic[State]):
    """A solver's state and the prosody's."""

    solver: State
    prosody: ProsodyState
    delay: SoundDelay = field(default_factory=SoundDelay)


class ProsodySolver(Generic[State]):
    """Any solver, with the upper face and head added. A ``Solver`` itself."""

    def __init__(
        self,
        solver: Solver[State],
        gains: ProsodyGains | None = None,
        on_phrase_end: Callable[[], None] = lambda: None,
        delay: Callable[[], int] = lambda: 0,
    ) -> None:
        """``on_phrase_end``: a phrase has just ended, a blink would suit. ``delay``: how many steps after the solver
        the prosody hears, for one with a long look-ahead. Both on the solver's thread; they must not raise.
        """
        self.solver = solver
        self._on_phrase_end = on_phrase_end
        self._delay = delay
        self.name = solver.name
        self._prosody = Prosody(gains)

    @property
    def lookahead_ms(self) -> float:
        """The solver's."""
        return self.solver.lookahead_ms

    def initial_state(self) -> ProsodySolverState[State]:
        """The state of a stream that has heard nothing but silence."""
        return ProsodySolverState(self.solver.initial_state(), self._prosody.initial_state())

    def step(self, sound: Sound, state: ProsodySolverState[State], pose: Pose) -> ProsodySolverState[State]:
        """As ``Solver.step``. The phrase-end hint is ``state.prosody.phrase_end``."""
        state.solver = self.solver.step(sound, state.solver, pose)
        heard = state.delay.push(sound, self._delay())
        state.prosody = self._prosody.step(heard, state.prosody, pose)
        if state.prosody.phrase_end == 1.0:
            self._on_phrase_end()
        return state


def _accent(state: ProsodyState, pitch_hz: float, below_peak_db: float) -> float:
    """How accented this voiced frame is, 0..1; learns the voice's mean pitch."""
    semitones = 12.0 * math.log2(pitch_hz)
    if state.voiced_s == 0.0:
        state.mean_semitones = semitones
    above = semitones - state.mean_semitones
    state.voiced_s += _STEP_S
    share = _STEP_S / min(max(state.voiced_s, _MEAN_QUICK_S), _MEAN_SLOW_S)
    state.mean_semitones += above * share
    if abs(above) > _PITCH_LEAP_SEMITONES:
        above = 0.0
    state.deviation_semitones += (abs(above) - state.deviation_semitones) * _STEP_S / _MEAN_SLOW_S
    deviation = max(state.deviation_semitones, _LEAST_DEVIATION)
    high = _ramp(above / deviation, _PITCH_START, _PITCH_SPAN)
    loud = _ramp(below_peak_db, _LOUD_START_DB, _LOUD_SPAN_DB)
    return _PITCH_SHARE * high + (1.0 - _PITCH_SHARE) * loud * loud


def _follow_phrase(state: ProsodyState, speech: bool) -> None:
    """Count speech and pause; raise the hint where a phrase ends."""
    state.phrase_end = max(state.phrase_end - _STEP_S / _HINT_S, 0.0)
    if speech:
        state.speech_s += _STEP_S
        state.pause_s = 0.0
        return
    state.pause_s += _STEP_S
    if state.pause_s >= _PAUSE_S:
        if state.speech_s >= _PHRASE_S:
            state.phrase_end = 1.0
            state.side = -state.side
        state.speech_s = 0.0


def _move(state: ProsodyState, accent: float) -> None:
    """Brows follow the accent, the head its change, each as a critically damped movement."""
    state.quick_stress += (accent - state.quick_stress) * _STEP_S / _STRESS_QUICK_S
    state.slow_stress += (accent - state.slow_stress) * _STEP_S / _STRESS_SLOW_S
    lift = _ramp(accent, _BROW_START, 1.0 - _BROW_START)
    brow_s = _BROW_RISE_S if lift > state.brow else _BROW_FALL_S
    state.brow, state.brow_velocity = _glide(state.brow, state.brow_velocity, lift, brow_s)
    stress = state.quick_stress - state.slow_stress
    state.nod, state.nod_velocity = _glide(state.nod, state.nod_velocity, stress, _HEAD_S)
    turn = state.side * min(state.slow_stress * 2.0, 1.0)
    state.turn, state.turn_velocity = _glide(state.turn, state.turn_velocity, turn, _TURN_S)


def _glide(position: float, velocity: float, goal: float, time_s: float) -> tuple[float, float]:
    """One step of a critically damped second-order movement, exact for a constant goal; trails it by 2 x ``time_s``."""
    omega = 1.0 / time_s
    decay = math.exp(-omega * _STEP_S)
    offset = position - goal
    slope = (velocity + omega * offset) * _STEP_S
    return goal + (offset + slope) * decay, (velocity - omega * slope) * decay


def _ramp(value: float, start: float, span: float) -> float:
    return min(max((value - start) / span, 0.0), 1.0)
