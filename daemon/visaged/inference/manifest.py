"""``model.json``: what a model package says about itself. This file is the specification of the format.

A package is a flat folder: ``model.json`` and the files it lists, nothing else. A streaming model in two
precisions::

    {"format": 1, "name": "lipsync", "kind": "lipsync", "version": "1.0.0",
     "precision": "fp32", "files": {"fp32": "lipsync.fp32.onnx", "int8": "lipsync.int8.onnx"},
     "sha256": {"lipsync.fp32.onnx": "<64 hex>", "lipsync.int8.onnx": "<64 hex>"},
     "opset": 17, "sample_rate_hz": 48000, "frame_rate_hz": 60.0, "lookahead_ms": [0, 40, 80],
     "inputs":  [{"name": "sound", "shape": [1, 800], "dtype": "float32"}],
     "outputs": [{"name": "curves_0", "shape": [1, 61], "dtype": "float32"}, …],
     "state":   [{"name": "state_gru", "output": "next_state_gru", "shape": [1, 896], "dtype": "float32"}],
     "source": "how it was made", "licence": "Apache-2.0", "parity": {"fp32": 4e-6, "int8": 0.011},
     "int8_exact": true,
     "created": "2026-11-21T00:00:00Z"}

Every shape is fixed. A stream starts with every state tensor and every ring at zero.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from visaged.text_form import MODEL_NAME, ModelName, ModelVersion, Sha256

Kind = Literal["lipsync", "neurosync", "mimi-encoder", "mimi-decoder"]
Precision = Literal["fp32", "fp16", "int8"]
PositionEncoding = Literal["local", "global+local", "sinusoidal"]
Dtype = Literal["float32", "float16", "int64", "int32", "uint8", "int8", "bool"]

FORMAT: Final = 1
MANIFEST_NAME: Final = "model.json"

_NAME: Final = re.compile(MODEL_NAME)
MAX_TEXT: Final = 4000


def _plain_file_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name == MANIFEST_NAME:
        raise ValueError(f"'{name}' is not a plain file name (letters, digits, '.', '_', '-'; no folder; up to 64)")
    return name


def _listed(value: object) -> object:
    """A single number is a list of one: most models have one look-ahead."""
    return [value] if isinstance(value, int | float) else value


FileName = Annotated[str, AfterValidator(_plain_file_name)]
Dimension = Annotated[int, Field(ge=1, le=1 << 24)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TensorSpec(_Strict):
    """One input or output of the graph."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    shape: Annotated[tuple[Dimension, ...], Field(max_length=8)]
    """Fixed sizes; an empty list is a scalar."""
    dtype: Dtype = "float32"


class StateSpec(TensorSpec):
    """A tensor carried from step to step: graph input ``name``, graph output ``output``, zero at the start."""

    output: Annotated[str, Field(min_length=1, max_length=128)]


class RingSpec(StateSpec):
    """A tensor that the host keeps and the graph only reads, such as the keys of an attention; zero at the start.

    ``output`` holds what a step adds: as ``shape``, but ``added`` long on ``axis``. The host writes it over the oldest
    there, from the front to the end and over again.
    """

    axis: Annotated[int, Field(ge=0, le=7)]
    added: Annotated[int, Field(ge=1, le=1 << 24)]

    @property
    def added_shape(self) -> tuple[int, ...]:
        """Of ``output``."""
        return (*self.shape[: self.axis], self.added, *self.shape[self.axis + 1 :])

    @model_validator(mode="after")
    def _fills_evenly(self) -> RingSpec:
        if self.axis >= len(self.shape) or self.shape[self.axis] % self.added:
            raise ValueError(f"axis {self.axis} of {list(self.shape)} cannot be filled {self.added} at a time")
        return self


class Manifest(_Strict):
    """The content of ``model.json``. Unknown keys are errors."""

    format: Literal[1] = FORMAT
    name: ModelName
    kind: Kind
    version: ModelVersion
    """major.minor.patch; of two packages of one kind in one folder the higher is taken."""
    precision: Precision
    """The one used when the settings say ``auto``."""
    files: dict[Precision, FileName]
    """Which ONNX file is which precision."""
    tensorrt: dict[Precision, FileName] | None = None
    """Graphs for TensorRT, where those of ``files`` use operators that only ONNX Runtime itself has."""
    sha256: dict[FileName, Sha256]
    """Every file of the package but this one: the ONNX files, external weights, notices."""
    opset: Annotated[int, Field(ge=7, le=99)]
    sample_rate_hz: Annotated[int, Field(ge=8000, le=192_000)]
    frame_rate_hz: Annotated[float, Field(gt=0.0, le=1000.0)]
    lookahead_ms: Annotated[tuple[NotNegative, ...], BeforeValidator(_listed), Field(min_length=1)]
    """Choices offered, in ms; a single number is one choice. Delays inside the graph are part of it."""
    inputs: Annotated[tuple[TensorSpec, ...], Field(min_length=1)]
    outputs: Annotated[tuple[TensorSpec, ...], Field(min_length=1)]
    state: tuple[StateSpec, ...] = ()
    rings: tuple[RingSpec, ...] = ()
    position_encoding: PositionEncoding | None = None
    """neurosync only: how the network was told where in the window a frame is (models/neurosync/shape.py)."""
    source: Text
    licence: Text
    parity: dict[Precision, NotNegative]
    """Per precision: largest absolute error of the outputs against the fp32 reference of the framework it came from."""
    quality: dict[Precision, dict[str, Annotated[float, Field(allow_inf_nan=False)]]] = {}
    """Per precision: figures of its own kind, measured when it was made, units in the names (``snr_db``)."""
    int8_exact: bool | None = None
    """int8 is right on every processor: its weights cannot clip where there is no VNNI (models/int8_weights.py).

    Packages made before this was known do not say it; there their sessions are opened in a precise mode."""
    created: AwareDatetime

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Manifest:
        if self.precision not in self.files:
            raise ValueError(f"precision '{self.precision}' has no entry in files ({', '.join(self.files) or 'empty'})")
        for precision, name in self.files.items():
            if name not in self.sha256:
                raise ValueError(f"files.{precision} '{name}' has no entry in sha256")
            if precision not in self.parity:
                raise ValueError(f"files.{precision} has no entry in parity")
        for precision, name in (self.tensorrt or {}).items():
            if precision not in self.files or name not in self.sha256:
                raise ValueError(f"tensorrt.{precision} '{name}' must be in files too, and its file in sha256")
        into = [spec.name for spec in (*self.inputs, *self.state, *self.rings)]
        out = [spec.name for spec in self.outputs] + [spec.output for spec in (*self.state, *self.rings)]
        for names in (into, out):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"tensor names used twice: {', '.join(twice)}")
        return self
