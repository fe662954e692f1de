"""A step as an ONNX file: static shapes, the names of the contract, matrix products instead of convolutions."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Final

import torch

from models.mimi.steps import DecoderStep, EncoderStep

OPSET: Final = 17


def trace(step: EncoderStep | DecoderStep, path: Path) -> None:
    """Write ``step`` to ``path``, float32. Raises OSError."""
    # Given a path, a full disk would leave half a file and no error.
    buffer = io.BytesIO()
    inputs = [torch.zeros(shape, dtype=_dtype(name)) for name, shape in step.inputs.items()]
    with warnings.catch_warnings():
        # It announces its successor, whose graphs ONNX Runtime fuses less well.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            step.eval(),
            (*inputs, *step.initial()),
            buffer,  # type: ignore[arg-type]  # the exporter without dynamo takes a file, its stubs do not say so
            input_names=[*step.inputs, *step.state_shapes, *step.ring_shapes],
            output_names=[
                step.output,
                *(f"next_{name}" for name in step.state_shapes),
                *(f"new_{name}" for name in step.ring_shapes),
            ],
            opset_version=OPSET,
            dynamo=False,
        )
    path.write_bytes(buffer.getbuffer())


def _dtype(name: str) -> torch.dtype:
    return torch.int32 if name == "codes" else torch.float32
