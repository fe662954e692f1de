"""Mimi on ONNX Runtime: a ``FrameEncoder`` and a ``FrameDecoder`` (frame_codec.py) around a pair of model packages.

The graphs (models/mimi/steps.py makes them): encoder ``pcm`` float32 [1920], ``first`` float32 [1] -> ``codes`` int64
[codebooks]; decoder ``codes`` int32 [codebooks] -> ``pcm`` float32 [1920]; both with ``cos``, ``sin`` and ``mask``
(positions.py). Codes are the audio codebooks alone: a brain whose token streams also carry text (Moshi puts it before
the audio, with indices up to 32,000) keeps the text channel apart; it fits neither these arrays nor the frames on the
wire.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from visaged.codec.frame_codec import CODEBOOK_SIZE, CODEC_RATE_HZ, FRAME, FRAME_MS, Codes, Pcm
from visaged.codec.positions import TOKENS, Positions
from visaged.inference.errors import PackageError
from visaged.inference.manifest import Kind
from visaged.inference.package import Package
from visaged.inference.providers import AUTO
from visaged.inference.step import StepRunner, StepState

NO_CODE: Final = CODEBOOK_SIZE
"""To the decoder's graph: this codebook says nothing. So a package of 32 codebooks also serves 8."""


class MimiState:
    """One stream in one direction."""

    def __init__(self, stream: StepState, ring: bool) -> None:
        self.stream = stream
        self.steps = 0
        """Frames done."""
        self._positions = Positions(stream.inputs, ring)

    def prepare(self) -> None:
        """Tell the graph where the stream stands."""
        self._positions.write(self.steps)


class _Mimi:
    """What both directions share. For one thread at a time."""

    kind: Kind

    def __init__(
        self, package: Package, codebooks: int = 0, precision: str = AUTO, providers: Sequence[str] = (AUTO,)
    ) -> None:
        """``codebooks``: how many to use of those that the package has; 0: all.

        Raises PackageError (not such a graph, or fewer codebooks), SessionError (does not run as asked).
        """
        has = _codebooks_of(package, self.kind)
        if not 0 <= codebooks <= has:
            raise PackageError(
                package.folder,
                "codebooks",
                f"has {has}, codec.codebooks = {codebooks} asks for more; import the weights with --codebooks "
                f"{codebooks}",
            )
        self._ring = bool(package.manifest.rings)
        # Rings live in the host's memory; the way to a GPU each step would cost more than the GPU gains.
        wanted = ("cpu",) if self._ring and list(providers) == [AUTO] else providers
        self._runner = StepRunner(package, precision, wanted)
        self.codebooks = codebooks or has
        self.package = package
        self.precision = self._runner.precision
        self.providers = self._runner.providers
        """What the session really uses, for health."""

    def initial_state(self) -> MimiState:
        """The state of a new stream: nothing but silence until now. To reset a stream is to start here."""
        return MimiState(self._runner.initial_state(), self._ring)

    def _run(self, state: MimiState) -> None:
        state.prepare()
        self._runner.step(state.stream)
        state.steps += 1


class MimiEncoder(_Mimi):
    """Voice to codes."""

    kind: Kind = "mimi-encoder"

    def step(self, pcm: Pcm, state: MimiState, codes: Codes) -> MimiState:
        """Hear ``pcm`` (float32 [1920], beyond +-1 it is clipped, what is no number is silence), write ``codes``
        (uint16 [codebooks]). Raises ValueError for other shapes, the state untouched; SessionError.
        """
        if pcm.shape != (FRAME,) or codes.shape != (self.codebooks,):
            raise ValueError(f"pcm {pcm.shape} and codes {codes.shape}; accepted: ({FRAME},) and ({self.codebooks},)")
        inputs = state.stream.inputs
        heard = inputs["pcm"]
        # One NaN would stay in the state for ten seconds.
        if _is_finite(pcm):
            np.clip(pcm, -1.0, 1.0, out=heard)
        else:
            np.clip(np.nan_to_num(pcm, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0, out=heard)
        inputs["first"][0] = state.steps == 0
        self._run(state)
        codes[:] = state.stream.outputs["codes"][: self.codebooks]
        return state


class MimiDecoder(_Mimi):
    """Codes to voice."""

    kind: Kind = "mimi-decoder"

    def step(self, codes: Codes, state: MimiState, pcm: Pcm) -> MimiState:
        """Say ``codes`` (uint16 [codebooks]) into ``pcm`` (float32 [1920], within +-1).

        Raises ValueError for a code of 2048 or more and for other shapes, the state untouched; SessionError. Should
        the model ever answer with something that is not a number, the frame is silent and the stream starts anew.
        """
        if codes.shape != (self.codebooks,) or pcm.shape != (FRAME,):
            raise ValueError(f"codes {codes.shape} and pcm {pcm.shape}; accepted: ({self.codebooks},) and ({FRAME},)")
        if int(codes.max()) >= CODEBOOK_SIZE or int(codes.min()) < 0:
            raise ValueError(f"codes {codes.tolist()}: accepted are 0 to {CODEBOOK_SIZE - 1}")
        said = state.stream.inputs["codes"]
        said[: self.codebooks] = codes
        said[self.codebooks :] = NO_CODE
        self._run(state)
        sound = state.stream.outputs["pcm"]
        if not _is_finite(sound):
            pcm.fill(0.0)
            return self.initial_state()
        np.clip(sound, -1.0, 1.0, out=pcm)
        return state


def _is_finite(sound: Pcm) -> bool:
    """Whether every sample is a number; a NaN is the least and the greatest of all, and no array is made."""
    return math.isfinite(float(sound.min())) and math.isfinite(float(sound.max()))


def _codebooks_of(package: Package, kind: Kind) -> int:
    """How many codebooks the package has. Raises PackageError when it is not what this file describes."""
    manifest = package.manifest
    if manifest.kind != kind:
        raise PackageError(package.folder, "kind", f"is {manifest.kind}; accepted: {kind}")
    if manifest.sample_rate_hz != CODEC_RATE_HZ or round(manifest.frame_rate_hz * FRAME_MS) != 1000:
        raise PackageError(package.folder, "sample_rate_hz", "Mimi has 24000 Hz and 12.5 frames a second")
    encoder = kind == "mimi-encoder"
    inputs = {spec.name: (spec.shape, spec.dtype) for spec in manifest.inputs}
    outputs = {spec.name: (spec.shape, spec.dtype) for spec in manifest.outputs}
    codes = (outputs if encoder else inputs).get("codes", ((), ""))
    mask, cos = (inputs.get(name, ((), ""))[0] for name in ("mask", "cos"))
    if len(codes[0]) != 1 or len(mask) != 2 or len(cos) != 2 or mask[1] % TOKENS or mask[1] <= TOKENS:
        raise PackageError(package.folder, "inputs", "must hold cos, sin, mask and one-dimensional codes")
    expected: dict[str, tuple[tuple[int, ...], str]] = {
        name: (shape, "float32") for name, shape in (("cos", cos), ("sin", cos), ("mask", mask))
    }
    if encoder:
        expected |= {"pcm": ((FRAME,), "float32"), "first": ((1,), "float32")}
        sound = codes[1] == "int64" and len(outputs) == 1
    else:
        expected |= {"codes": (codes[0], "int32")}
        sound = outputs == {"pcm": ((FRAME,), "float32")}
    if inputs != expected or not sound or mask[0] != TOKENS or cos[0] != TOKENS:
        raise PackageError(package.folder, "inputs", "are not those of a Mimi step (visaged/codec/mimi.py)")
    return codes[0][0]
