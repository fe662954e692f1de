"""Capsules from recordings: a face from Live Link Face curves, a spoken line from a sound file and a solver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray
from pydantic import ValidationError

from visaged.capsules.errors import CapsuleError, from_validation
from visaged.capsules.file.capsule import PCM_RATE_HZ, Capsule, Curves, Tokens
from visaged.capsules.file.header import FRAME_RATE_HZ, MAX_DURATION_MS, Header
from visaged.clock import RATE_HZ
from visaged.curves import COUNT, MAXIMUM, MINIMUM, Pose
from visaged.recording import Recording

Sound = NDArray[np.float32]
"""float32 [n], mono, 48 kHz, +-1."""

_HOP: Final = RATE_HZ // FRAME_RATE_HZ
# A face that settles after the last word, not at it.
_TAIL_MS: Final = 200
_LINE_FADE_MS: Final = 50


VoiceEncoder: TypeAlias = Callable[[NDArray[np.float32]], Tokens]
"""A voice (float32 [n], 24 kHz, +-1) to tokens (uint16 [frames, codebooks]); the codec is one."""


class SpeechSolver(Protocol):
    """What a line is solved by; ``visaged.face.solver.Solver`` is one."""

    lookahead_ms: float

    def initial_state(self) -> Any:
        """The state of a stream that has heard nothing."""
        ...

    def step(self, sound: Sound, state: Any, pose: Pose) -> Any:
        """Hear float32 [800] at 48 kHz, write the pose of ``lookahead_ms`` before its end; returns the new state."""
        ...


def from_recording(recording: Recording, header: dict[str, Any]) -> Capsule:
    """A face capsule from curves at any rate: brought to 60 fps, held within the legal range.

    ``header``: fields of Header but ``duration_ms``; fades are shortened where they do not fit. Raises CapsuleError.
    """
    count = max(round(recording.duration_s * FRAME_RATE_HZ), 1)
    _check_length(header["cid"], count)
    times = np.arange(count) / FRAME_RATE_HZ
    before = np.arange(len(recording.curves)) / float(recording.fps)
    curves = np.empty((count, COUNT), np.float32)
    for column in range(COUNT):
        curves[:, column] = np.interp(times, before, recording.curves[:, column])
    return Capsule(_header(header, count), _legal(curves))


def from_speech(
    sound: Sound, solver: SpeechSolver, header: dict[str, Any], encoder: VoiceEncoder | None = None
) -> Capsule:
    """A spoken line: the voice (24 kHz) and the curves that ``solver`` hears in it, in sync.

    With an ``encoder`` the voice is kept as its tokens alone: 0.1 kB a second, not 48. Raises CapsuleError.
    """
    count = -(-len(sound) // _HOP) + round(_TAIL_MS * FRAME_RATE_HZ / 1000)
    _check_length(header["cid"], count)
    if not len(sound):
        raise CapsuleError(header["cid"], "sound", "is empty")
    voice = np.clip(soxr.resample(sound, RATE_HZ, PCM_RATE_HZ, quality="VHQ"), -1.0, 1.0)
    curves = _solve(sound, solver, count)
    fields = _header({"fade_in_ms": _LINE_FADE_MS, "fade_out_ms": _LINE_FADE_MS, "layer": "line"} | header, count)
    if encoder is not None:
        return Capsule(fields, _legal(curves), tokens=encoder(voice))
    pcm = np.round(voice * np.iinfo(np.int16).max).astype(np.int16)
    return Capsule(fields, _legal(curves), pcm=pcm)


def _solve(sound: Sound, solver: SpeechSolver, count: int) -> NDArray[np.float32]:
    """[count, 61]: frame k is the pose at k / 60 s. A step's pose belongs to its end less the look-ahead."""
    ahead = solver.lookahead_ms * FRAME_RATE_HZ / 1000
    steps = count + int(np.ceil(ahead)) + 1
    padded = np.zeros(steps * _HOP, np.float32)
    padded[: len(sound)] = sound
    poses = np.zeros((steps, COUNT), np.float32)
    state = solver.initial_state()
    for index in range(steps):
        state = solver.step(padded[index * _HOP : (index + 1) * _HOP], state, poses[index])
    at = np.arange(1, steps + 1) - ahead
    return np.stack([np.interp(np.arange(count), at, poses[:, column]) for column in range(COUNT)], axis=1)


def _check_length(cid: str, count: int) -> None:
    if count * 1000 / FRAME_RATE_HZ > MAX_DURATION_MS:
        raise CapsuleError(
            cid, "duration_ms", f"is {count * 1000 // FRAME_RATE_HZ}; at most {MAX_DURATION_MS} is accepted"
        )


def _header(fields: dict[str, Any], count: int) -> Header:
    duration_ms = round(count * 1000 / FRAME_RATE_HZ)
    half = duration_ms // 2
    fades = {name: min(fields.get(name, default), half) for name, default in (("fade_in_ms", 80), ("fade_out_ms", 160))}
    try:
        return Header(**(fields | fades | {"duration_ms": duration_ms}))
    except ValidationError as error:
        raise from_validation(fields["cid"], error) from None


def _legal(curves: NDArray[np.float32]) -> Curves:
    return np.clip(curves, MINIMUM, MAXIMUM).astype(np.float16)
