"""One ``.capsule`` file: header and tensors, checked against each other before anything is trusted.

Tensors: ``curves`` float16 [T, 61] at 60 fps (delta from neutral when additive, the pose when override, a factor when
multiply), optional ``mask`` uint8 [61] (1: this curve takes part), optional ``tokens`` uint16 [N, codebooks] (Mimi,
12.5 frames/s), optional ``pcm`` int16 [samples] at 24 kHz mono. The metadata key ``capsule`` holds the header's JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from visaged.capsules.errors import CapsuleError, from_validation
from visaged.capsules.file import tensors
from visaged.capsules.file.header import FRAME_RATE_HZ, MAX_DURATION_MS, BlendMode, Header
from visaged.capsules.file.ids import CapsuleKind
from visaged.curves import COUNT, MAXIMUM, MINIMUM

Curves = NDArray[np.float16]
"""float16 [T, 61]."""
Pcm = NDArray[np.int16]
"""int16 [samples], 24 kHz mono."""
Tokens = NDArray[np.uint16]
"""uint16 [N, codebooks]."""

PCM_RATE_HZ: Final = 24_000
SUFFIX: Final = ".capsule"
# The longest line (curves 2.2 MB + PCM 14.4 MB + tokens) and some room.
MAX_FILE_BYTES: Final = 24 * 1024 * 1024
# A factor above this is a mistake: it makes a tenth of a smile more than a whole one.
MAX_FACTOR: Final = 4.0
# Mimi has at most 32 codebooks of 2048 entries and one frame per 80 ms.
MAX_CODEBOOKS: Final = 32
TOKEN_LIMIT: Final = 2048
TOKEN_FRAME_MS: Final = 80
# A voice may ring on after the face is done, by a breath.
_MAX_VOICE_OVERHANG_MS: Final = 1000
_METADATA_KEY: Final = "capsule"
_SHAPES: Final = {"curves": ("<f2", 2), "mask": ("u1", 1), "tokens": ("<u2", 2), "pcm": ("<i2", 1)}


@dataclass(frozen=True)
class Capsule:
    """A checked capsule. The arrays may be read-only views."""

    header: Header
    curves: Curves | None = None
    mask: NDArray[np.uint8] | None = None
    tokens: Tokens | None = None
    pcm: Pcm | None = None


def encode(capsule: Capsule) -> bytes:
    """The file's bytes. Raises CapsuleError when the capsule would not be read back."""
    found = {name: getattr(capsule, name) for name in _SHAPES}
    data = tensors.encode(
        {_METADATA_KEY: capsule.header.model_dump_json(exclude_none=True)},
        {name: tensor for name, tensor in found.items() if tensor is not None},
    )
    decode(data, capsule.header.cid)
    return data


def decode(data: bytes, name: str = "capsule") -> Capsule:
    """The capsule in ``data``. Raises CapsuleError naming the field; ``name`` is the file, for the message."""
    if len(data) > MAX_FILE_BYTES:
        raise CapsuleError(name, "file", f"is {len(data)} bytes; at most {MAX_FILE_BYTES} are accepted")
    metadata, found = tensors.decode(name, data)
    header = decode_header(metadata.get(_METADATA_KEY, ""), name)
    for key, tensor in found.items():
        if key not in _SHAPES:
            raise CapsuleError(name, key[:64], f"unknown tensor; accepted: {', '.join(_SHAPES)}")
        dtype, dimensions = _SHAPES[key]
        if tensor.dtype != np.dtype(dtype) or tensor.ndim != dimensions:
            raise CapsuleError(
                name, key, f"is {tensor.dtype} {list(tensor.shape)}; {np.dtype(dtype)} of {dimensions} axes is accepted"
            )
    capsule = Capsule(header, **found)
    _check_presence(capsule, name)
    _check_curves(capsule, name)
    _check_voice(capsule, name)
    return capsule


def decode_header(text: str, name: str) -> Header:
    """The header in JSON ``text``. Raises CapsuleError."""
    try:
        return Header.model_validate_json(text)
    except ValidationError as error:
        raise from_validation(name, error) from None


def read_file(path: Path) -> bytes:
    """The bytes of a file that may be a capsule. Raises CapsuleError when it is too large or not readable."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CapsuleError(path.name, "file", f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise CapsuleError(path.name, "file", f"is larger than {MAX_FILE_BYTES} bytes")
    return data


def _check_presence(capsule: Capsule, name: str) -> None:
    kind = capsule.header.kind
    moves = kind in (CapsuleKind.FACE, CapsuleKind.LOOP, CapsuleKind.LINE)
    if moves and capsule.curves is None:
        raise CapsuleError(name, "curves", f"is missing; a {kind.value} capsule has curves")
    speaks = capsule.pcm is not None or capsule.tokens is not None
    if kind is CapsuleKind.LINE and not speaks:
        raise CapsuleError(name, "pcm", "is missing; a VL_ line has pcm or tokens")
    if kind is not CapsuleKind.LINE and speaks:
        raise CapsuleError(name, "pcm" if capsule.pcm is not None else "tokens", "only a VL_ line has a voice")
    if not moves and (capsule.curves is not None or capsule.mask is not None):
        raise CapsuleError(name, "curves", f"a {kind.value} capsule has no tensors")


def _check_curves(capsule: Capsule, name: str) -> None:
    curves, mask, header = capsule.curves, capsule.mask, capsule.header
    if mask is not None and (mask.shape != (COUNT,) or mask.max(initial=0) > 1):
        raise CapsuleError(name, "mask", f"expected {COUNT} values of 0 or 1")
    if curves is None:
        return
    if curves.shape[1] != COUNT or len(curves) < 1:
        raise CapsuleError(name, "curves", f"shape {list(curves.shape)}; [T, {COUNT}] is accepted")
    if abs(len(curves) - header.duration_ms * FRAME_RATE_HZ / 1000) > 1:
        raise CapsuleError(
            name,
            "duration_ms",
            f"is {header.duration_ms}; {len(curves)} frames last {len(curves) * 1000 / 60:.0f} ms",
        )
    if not np.isfinite(curves).all():
        raise CapsuleError(name, "curves", "holds values that are not finite")
    low, high = _legal_range(header.blend_mode)
    wrong = np.argwhere((curves < low) | (curves > high))
    if len(wrong):
        frame, curve = wrong[0]
        raise CapsuleError(
            name,
            "curves",
            f"frame {frame}, curve {curve}: {curves[frame, curve]}; {low[curve]:g} to {high[curve]:g} is accepted",
        )


def _legal_range(mode: BlendMode) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if mode == "override":
        return MINIMUM, MAXIMUM
    if mode == "multiply":
        return np.zeros(COUNT, np.float32), np.full(COUNT, MAX_FACTOR, np.float32)
    return -MAXIMUM, MAXIMUM


def _check_voice(capsule: Capsule, name: str) -> None:
    longest_ms = min(capsule.header.duration_ms + _MAX_VOICE_OVERHANG_MS, MAX_DURATION_MS)
    if capsule.pcm is not None:
        pcm_ms = len(capsule.pcm) * 1000 / PCM_RATE_HZ
        if not 0 < pcm_ms <= longest_ms:
            raise CapsuleError(name, "pcm", f"lasts {pcm_ms:.0f} ms; above 0 and at most {longest_ms} ms is accepted")
    tokens = capsule.tokens
    if tokens is None:
        return
    if not 1 <= tokens.shape[1] <= MAX_CODEBOOKS or not 0 < len(tokens) * TOKEN_FRAME_MS <= longest_ms:
        raise CapsuleError(
            name, "tokens", f"shape {list(tokens.shape)}; [N, 1-{MAX_CODEBOOKS}], at most {longest_ms} ms, is accepted"
        )
    if tokens.max() >= TOKEN_LIMIT:
        raise CapsuleError(name, "tokens", f"holds {tokens.max()}; indices are below {TOKEN_LIMIT}")
