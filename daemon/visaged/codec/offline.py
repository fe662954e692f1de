"""A whole sound through the codec, faster than real time: one frame after the other, as live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from visaged.codec.frame_codec import FRAME, Codes, FrameDecoder, FrameEncoder, Pcm

Progress = Callable[[float], None]
"""Told the share that is done, 0..1."""


def _nobody(share: float) -> None:
    pass


def encode(encoder: FrameEncoder[Any], sound: Pcm, progress: Progress = _nobody) -> Codes:
    """Codes uint16 [frames, codebooks] of ``sound`` (float32 [n], 24 kHz); the last frame ends in silence.

    Raises SessionError.
    """
    frames = np.zeros((-(-len(sound) // FRAME), FRAME), np.float32)
    frames.reshape(-1)[: len(sound)] = sound
    codes = np.zeros((len(frames), encoder.codebooks), np.uint16)
    state = encoder.initial_state()
    for index, frame in enumerate(frames):
        state = encoder.step(frame, state, codes[index])
        progress((index + 1) / len(frames))
    return codes


def decode(decoder: FrameDecoder[Any], codes: Codes, progress: Progress = _nobody) -> Pcm:
    """Sound float32 [frames x 1920] at 24 kHz of ``codes`` (uint16 [frames, codebooks]).

    Raises ValueError for codes that cannot be said, SessionError.
    """
    sound = np.zeros((len(codes), FRAME), np.float32)
    state = decoder.initial_state()
    for index, frame in enumerate(codes):
        state = decoder.step(frame, state, sound[index])
        progress((index + 1) / len(codes))
    return sound.reshape(-1)
