"""What a streaming graph answers to a sound, frame by frame: how graphs are compared, without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visaged.inference.providers import CPU
from visaged.inference.session import open_session

Sound = NDArray[np.float32]
"""float32 at the graph's own rate."""


def run_onnx(path: Path, sound: Sound) -> NDArray[np.float32]:
    """All outputs [frames, look-aheads x 61 + 1] of the graph in ``path`` for ``sound``. Raises SessionError."""
    session = open_session(path, [CPU])
    heard, *carried = session.get_inputs()
    names = [spec.name for spec in carried]
    state = {spec.name: np.zeros(spec.shape, np.float32) for spec in carried}
    told = len(session.get_outputs()) - len(carried)
    rows = []
    for frame in frames(sound, heard.shape[1]):
        answer = session.run(None, {heard.name: frame, **state})
        rows.append(np.concatenate([part[0] for part in answer[:told]]))
        state = dict(zip(names, answer[told:], strict=True))
    return np.stack(rows)


def frames(sound: Sound, size: int) -> NDArray[np.float32]:
    """Whole frames [count, 1, size]; what is left over is dropped."""
    return sound[: len(sound) // size * size].reshape(-1, 1, size)
