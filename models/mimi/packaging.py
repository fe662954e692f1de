"""Weights -> a pair of model packages: exported, made small, measured against PyTorch and fp32, described."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.mimi import quality, reference
from models.mimi.conv import Weights
from models.mimi.dims import FRAME, SAMPLE_RATE_HZ, TOKENS, Dims
from models.mimi.export import OPSET, trace
from models.mimi.quantize import Int8, to_float16, to_int8
from models.mimi.steps import DecoderStep, EncoderStep
from models.mimi.transformer import Memory
from visaged.codec import offline
from visaged.codec.frame_codec import Pcm
from visaged.codec.mimi import MimiDecoder, MimiEncoder
from visaged.inference.manifest import Precision
from visaged.inference.package import Package, write_package

# fp32 is checked against PyTorch, which is slow, on the second in which the speech begins; the rest against fp32.
_REFERENCE_FRAMES: Final = 13
# Sums in another order; moshi itself is met to 1e-5.
_MAX_FP32_ERROR: Final = 1e-4
_MIN_FP32_EQUAL: Final = 0.99

Report = Callable[[str, float], None]
"""Told what is being done, and the share of all that is done, 0..1."""


class GateError(Exception):
    """The result is not good enough to be let out: says which figure, and what is accepted."""


@dataclass(frozen=True)
class Plan:
    """What to make."""

    name: str = "mimi"
    """Packages are called NAME-encoder and NAME-decoder."""
    version: str = "1.0.0"
    codebooks: int = 8
    memory: Memory = Memory.RING
    """RING for CPUs, in fp32 and int8; SHIFT for GPUs, in fp32 and fp16."""
    int8: Int8 = Int8.TRANSFORMER
    source: str = "random weights"
    licence: str = "CC0-1.0"
    sound: Pcm = field(default_factory=quality.test_sound)
    """What is measured on: quality.test_sound."""


@dataclass(frozen=True)
class _Errors:
    """Per precision, for the manifest."""

    parity: dict[Precision, float]
    quality: dict[Precision, dict[str, float]]


def build(weights: Weights, dims: Dims, plan: Plan, folder: Path, report: Report) -> tuple[Package, Package]:
    """Write the encoder's package into ``folder``/encoder and the decoder's into ``folder``/decoder.

    Raises GateError, OSError.
    """
    encoder_step = EncoderStep(weights, dims, plan.codebooks, plan.memory).eval()
    decoder_step = DecoderStep(weights, dims, plan.codebooks, plan.memory).eval()
    report("exporting the encoder", 0.0)
    encoder = draft(encoder_step, plan, folder / "encoder")
    report("exporting the decoder", 0.3)
    decoder = draft(decoder_step, plan, folder / "decoder")
    report("comparing with PyTorch", 0.6)
    hears, says = MimiEncoder(encoder, 0, "fp32", ["cpu"]), MimiDecoder(decoder, 0, "fp32", ["cpu"])
    reach = int(quality.PAUSE_S * SAMPLE_RATE_HZ) // FRAME * FRAME
    part = plan.sound[reach - FRAME : reach + (_REFERENCE_FRAMES - 1) * FRAME]
    codes = reference.encode(encoder_step, part)
    unequal = 1.0 - float((offline.encode(hears, part) == codes).mean())
    truth = np.clip(reference.decode(decoder_step, codes), -1.0, 1.0)
    error = np.abs(offline.decode(says, codes.astype(np.uint16)) - truth)
    if unequal > 1 - _MIN_FP32_EQUAL or error.max() > _MAX_FP32_ERROR:
        raise GateError(f"fp32 is not PyTorch: {unequal:.1%} of codes differ, sound by {error.max():.2g}")
    report("measuring fp32", 0.7)
    exact = offline.encode(hears, plan.sound)
    said = offline.decode(says, exact)
    small = _precisions(plan)[1]
    report(f"measuring {small}", 0.8)
    codes_small = offline.encode(MimiEncoder(encoder, 0, small, ["cpu"]), plan.sound)
    heard = quality.compare_codes(codes_small, exact, plan.sound, lambda some: offline.decode(says, some))
    spoken = quality.compare_decoded(offline.decode(MimiDecoder(decoder, 0, small, ["cpu"]), exact), said)
    default = _verified(plan, heard, spoken)
    report("writing down", 0.95)
    heard_errors = _Errors({"fp32": unequal, small: 1 - heard.codes_equal}, {small: asdict(heard)})
    spoken_errors = _Errors({"fp32": float(error.max()), small: spoken.largest_error}, {small: asdict(spoken)})
    done = (
        write_package(encoder.folder, **_fields(encoder_step, plan, default, heard_errors)),
        write_package(decoder.folder, **_fields(decoder_step, plan, default, spoken_errors)),
    )
    report("done", 1.0)
    return done


def draft(step: EncoderStep | DecoderStep, plan: Plan, folder: Path, small: bool = True) -> Package:
    """The files, and a manifest with no figures yet, so that the run time itself can be measured.

    ``small``: with the smaller form beside fp32.
    """
    folder.mkdir()
    names = _precisions(plan)[: 2 if small else 1]
    paths = [folder / f"{step.kind}.{precision}.onnx" for precision in names]
    trace(step, paths[0])
    if small and plan.memory is Memory.RING:
        to_int8(paths[0], paths[1], plan.int8)
    elif small:
        to_float16(paths[0], paths[1])
    return write_package(folder, **_fields(step, plan, "fp32", _Errors(dict.fromkeys(names, 0.0), {})))


def _precisions(plan: Plan) -> tuple[Precision, Precision]:
    """fp32, and the smaller one."""
    return ("fp32", "int8") if plan.memory is Memory.RING else ("fp32", "fp16")


def _verified(plan: Plan, heard: quality.EncoderQuality, spoken: quality.DecoderQuality) -> Precision:
    """The precision to use when none is asked for: the smaller one if it is good enough. Raises GateError."""
    fp32, small = _precisions(plan)
    refusals = [text for text in (heard.refusal(), spoken.refusal()) if text]
    if not refusals:
        return small
    if plan.memory is Memory.RING and plan.int8 is Int8.EVERYTHING:
        raise GateError(
            f"int8 of everything is not good enough with these weights: {'; '.join(refusals)}. "
            "Leave out --int8-all: the transformer alone becomes int8"
        )
    return fp32


def _fields(step: EncoderStep | DecoderStep, plan: Plan, default: Precision, errors: _Errors) -> dict[str, Any]:
    """The manifest but its hashes."""
    dtypes = {"codes": "int64" if step.output == "codes" else "int32"}
    return {
        "name": step.kind.replace("mimi", plan.name, 1),
        "kind": step.kind,
        "version": plan.version,
        "precision": default,
        "files": {precision: f"{step.kind}.{precision}.onnx" for precision in errors.parity},
        "opset": OPSET,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "frame_rate_hz": SAMPLE_RATE_HZ / FRAME,
        "lookahead_ms": 0,
        "inputs": [
            {"name": name, "shape": shape, "dtype": dtypes.get(name, "float32")} for name, shape in step.inputs.items()
        ],
        "outputs": [
            {"name": step.output, "shape": step.output_shape, "dtype": dtypes.get(step.output, "float32")},
        ],
        "state": [{"name": name, "output": f"next_{name}", "shape": s} for name, s in step.state_shapes.items()],
        "rings": [
            {"name": name, "output": f"new_{name}", "shape": shape, "axis": axis, "added": TOKENS}
            for (name, shape), (axis, _) in zip(step.ring_shapes.items(), step.ring_places(), strict=True)
        ],
        "source": plan.source,
        "licence": plan.licence,
        "parity": errors.parity,
        "int8_exact": True if "int8" in errors.parity else None,
        "quality": {p: {name: round(value, 4) for name, value in q.items()} for p, q in errors.quality.items()},
        "created": datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0),
    }
