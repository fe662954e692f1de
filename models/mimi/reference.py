"""The steps run in PyTorch, frame by frame with the host's side of the bargain: what every ONNX file is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.mimi.dims import FRAME, TOKENS
from models.mimi.steps import DecoderStep, EncoderStep
from visaged.codec.positions import Positions


def encode(
    step: EncoderStep, pcm: NDArray[np.float32], start: int = 0, short_sighted: bool = False
) -> NDArray[np.int64]:
    """Codes [frames, codebooks] of ``pcm`` [frames x 1920]. ``start``: how many frames the stream says it has done.

    ``short_sighted``: the first latent of a frame hears one key less, as in moshi's streaming: its ring is as long as
    the window, and both latents of a frame are written before either attends.
    """
    return _run(step, list(torch.from_numpy(pcm).reshape(-1, FRAME)), start, short_sighted)


def decode(step: DecoderStep, codes: NDArray[np.integer[Any]], start: int = 0) -> NDArray[np.float32]:
    """Sound [frames x 1920] of ``codes`` [frames, codebooks]."""
    return _run(step, list(torch.from_numpy(codes.astype(np.int32))), start).ravel()


@torch.no_grad()
def _run(
    step: EncoderStep | DecoderStep, frames: Sequence[Tensor], start: int, short_sighted: bool = False
) -> NDArray[Any]:
    inputs = {name: np.zeros(shape, np.float32) for name, shape in step.position_inputs.items()}
    positions = Positions(inputs, ring=bool(step.ring_shapes))
    carried, states = step.initial(), len(step.state_shapes)
    places = step.ring_places()
    answers = []
    for number, frame in enumerate(frames):
        positions.write(start + number)
        if short_sighted:
            # What the second latent must not hear any more is lost to the first as well.
            past = inputs["mask"][:, :-TOKENS]
            np.minimum(past[0], past[1], out=past[0])
        where = [torch.from_numpy(values.copy()) for values in inputs.values()]
        first = [torch.tensor([float(number == 0)])] if "first" in step.inputs else []
        answer, *new = step(frame, *where, *first, *carried)
        answers.append(answer.numpy())
        rings = carried[states:]
        for ring, added, (axis, length) in zip(rings, new[states:], places, strict=True):
            ring.narrow(axis, (start + number) * TOKENS % length, TOKENS).copy_(added)
        carried = [*new[:states], *rings]
    return np.stack(answers)
