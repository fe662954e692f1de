"""Runs a model step by step: buffers bound once, state written from one buffer into its twin, no allocation per step.

What a graph only reads and adds to (manifest.RingSpec) is written by the host, in place, after each step.

A ``StepRunner`` holds what never changes (the session); a ``StepState`` is one stream. Each is for one thread at a
time; several streams may share a runner if their steps do not overlap.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visaged.inference.cuda_graph import open_captured
from visaged.inference.engines import DEFAULT_CACHE, open_on_tensorrt
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.manifest import Dtype, Precision, RingSpec, TensorSpec
from visaged.inference.package import Package
from visaged.inference.processor import clips_int8
from visaged.inference.providers import AUTO, CPU, wants_tensorrt
from visaged.inference.session import ORT_ERRORS, OrtSession, OrtValue, open_session

_log = logging.getLogger(__name__)

Array = NDArray[Any]

# ONNX Runtime's names of element types.
_ELEMENT: Final[Mapping[str, Dtype]] = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(bool)": "bool",
}


class StepState:
    """One stream: write ``inputs``, call ``StepRunner.step``, read ``outputs``.

    Both map tensor names to arrays that stay the same objects as long as the stream lives; a step overwrites
    ``outputs``.
    """

    def __init__(self, session: OrtSession, package: Package) -> None:
        manifest = package.manifest
        self.inputs = {spec.name: np.zeros(spec.shape, spec.dtype) for spec in manifest.inputs}
        self.outputs = {spec.name: np.zeros(spec.shape, spec.dtype) for spec in manifest.outputs}
        self.phase = 0
        self._rings = [_Ring(spec) for spec in manifest.rings]
        self._state_names = [spec.name for spec in manifest.state]
        on_cpu = session.get_providers()[0] == CPU
        device = "cpu" if on_cpu else "cuda"
        # On the CPU these borrow the arrays' memory, so they are kept as long as the bindings that use them.
        self._inputs = [(name, OrtValue.ortvalue_from_numpy(array)) for name, array in self.inputs.items()]
        self._outputs = [(name, OrtValue.ortvalue_from_numpy(array)) for name, array in self.outputs.items()]
        self._inputs += [(ring.spec.name, OrtValue.ortvalue_from_numpy(ring.values)) for ring in self._rings]
        self._outputs += [(ring.spec.output, OrtValue.ortvalue_from_numpy(ring.added)) for ring in self._rings]
        # Two sets of state: a step reads one and writes the other, so no tensor is read while it is written.
        self._twins = tuple(
            [OrtValue.ortvalue_from_numpy(np.zeros(spec.shape, spec.dtype), device) for spec in manifest.state]
            for _ in range(2)
        )
        self._bindings = []
        for read, written in (self._twins, self._twins[::-1]):
            binding = session.io_binding()
            for name, value in self._inputs:
                binding.bind_ortvalue_input(name, value)
            for name, value in self._outputs:
                binding.bind_ortvalue_output(name, value)
            for spec, before, after in zip(manifest.state, read, written, strict=True):
                binding.bind_ortvalue_input(spec.name, before)
                binding.bind_ortvalue_output(spec.output, after)
            self._bindings.append(binding)
        # To another device an input is copied when it is bound, so there it must be bound again for every step.
        self._bound_each_step = [] if on_cpu else self._inputs

    def next_binding(self) -> Any:
        """The binding of the coming step (``StepRunner`` only)."""
        binding = self._bindings[self.phase]
        for name, value in self._bound_each_step:
            binding.bind_ortvalue_input(name, value)
        return binding

    def move_on(self) -> None:
        """What the step just done has added goes into the rings, and the twins change places (``StepRunner`` only)."""
        for ring in self._rings:
            ring.write()
        self.phase ^= 1

    def read_state(self) -> dict[str, Array]:
        """Copies of state and rings as the next step will see them, by input name. For tests and snapshots."""
        values = self._twins[self.phase]
        state = {name: np.array(value.numpy()) for name, value in zip(self._state_names, values, strict=True)}
        return state | {ring.spec.name: ring.values.copy() for ring in self._rings}


class CapturedState(StepState):
    """A stream of a model without state whose step is a CUDA graph (cuda_graph.py).

    A recorded graph reads and writes the same device memory each time. So inputs are copied to where it reads, and
    outputs from where it writes; nothing is bound anew.
    """

    def __init__(self, session: OrtSession, package: Package, device: str = "cuda") -> None:
        manifest = package.manifest
        self.inputs = {spec.name: np.zeros(spec.shape, spec.dtype) for spec in manifest.inputs}
        self.outputs = {spec.name: np.zeros(spec.shape, spec.dtype) for spec in manifest.outputs}
        self._there = {name: OrtValue.ortvalue_from_numpy(array, device) for name, array in self.inputs.items()}
        self._back = {name: OrtValue.ortvalue_from_numpy(array, device) for name, array in self.outputs.items()}
        self._binding = session.io_binding()
        for name, value in self._there.items():
            self._binding.bind_ortvalue_input(name, value)
        for name, value in self._back.items():
            self._binding.bind_ortvalue_output(name, value)

    def next_binding(self) -> Any:
        """The binding, with the inputs where the graph reads them (``StepRunner`` only)."""
        for name, value in self._there.items():
            value.update_inplace(self.inputs[name])
        return self._binding

    def move_on(self) -> None:
        """Fetch the outputs (``StepRunner`` only)."""
        for name, value in self._back.items():
            np.copyto(self.outputs[name], value.numpy())

    def read_state(self) -> dict[str, Array]:
        """There is none."""
        return {}


class _Ring:
    """One ring of one stream."""

    def __init__(self, spec: RingSpec) -> None:
        self.spec = spec
        self.values = np.zeros(spec.shape, spec.dtype)
        self.added = np.zeros(spec.added_shape, spec.dtype)
        # The places in turn, as views: a step makes none.
        count = spec.shape[spec.axis] // spec.added
        self._places = np.split(self.values, count, spec.axis)
        self._next = 0

    def write(self) -> None:
        """Put ``added`` over the oldest."""
        self._places[self._next][...] = self.added
        self._next = (self._next + 1) % len(self._places)


def _fitting(providers: Sequence[str], precision: Precision) -> Sequence[str]:
    """``auto`` for int8 is the CPU: its operators are the CPU's, and a graph in two halves copies between them."""
    return (CPU,) if list(providers) == [AUTO] and precision == "int8" else providers


class StepRunner:
    """A package's model, ready to step streams."""

    def __init__(
        self,
        package: Package,
        precision: str = AUTO,
        providers: Sequence[str] = (AUTO,),
        threads: int = 1,
        engine_cache: Path = DEFAULT_CACHE,
    ) -> None:
        """Raises PackageError if the graph is not what model.json says, SessionError if it does not run as asked."""
        self.package = package
        self.precision = package.choose(precision)
        path = package.model_path(self.precision)
        captured = open_captured(path, package.manifest, self.precision, providers, threads)
        if wants_tensorrt(providers):
            self._session = open_on_tensorrt(package, self.precision, providers, threads, engine_cache)
        else:
            fitting = _fitting(providers, self.precision)
            self._session = captured or open_session(path, fitting, threads, precise_int8=self._clips())
        self._captured = captured is not None
        self.providers: tuple[str, ...] = tuple(self._session.get_providers())
        """What the session really uses, for health."""
        self._check_graph()

    def initial_state(self) -> StepState:
        """A new stream: all state tensors and rings zero."""
        if self._captured:
            return CapturedState(self._session, self.package)
        return StepState(self._session, self.package)

    def step(self, state: StepState) -> StepState:
        """Run one step on ``state.inputs``; returns the same object, moved on. Raises SessionError."""
        try:
            self._session.run_with_iobinding(state.next_binding())
        except ORT_ERRORS as error:
            raise SessionError(f"{self.package.manifest.name}: step failed: {error}") from error
        state.move_on()
        return state

    def _clips(self) -> bool:
        """Whether the graph, taken as it is, may be wrong on this processor. Says so."""
        manifest = self.package.manifest
        if self.precision != "int8" or manifest.int8_exact or not clips_int8():
            return False
        _log.warning(
            "%s %s: its int8 may clip on this processor (no VNNI); it runs in a slower, precise mode; import it anew",
            manifest.name,
            manifest.version,
        )
        return True

    def _check_graph(self) -> None:
        manifest = self.package.manifest
        into: list[TensorSpec] = [*manifest.inputs, *manifest.state, *manifest.rings]
        out = [(spec.name, spec) for spec in manifest.outputs] + [(spec.output, spec) for spec in manifest.state]
        out += [
            (ring.output, TensorSpec(name=ring.output, shape=ring.added_shape, dtype=ring.dtype))
            for ring in manifest.rings
        ]
        self._check_side("inputs", {spec.name: spec for spec in into}, self._session.get_inputs())
        self._check_side("outputs", dict(out), self._session.get_outputs())

    def _check_side(self, side: str, declared: Mapping[str, TensorSpec], actual: Sequence[Any]) -> None:
        folder, file = self.package.folder, self.package.manifest.files[self.precision]
        if declared.keys() != {node.name for node in actual}:
            names = ", ".join(sorted(node.name for node in actual))
            raise PackageError(folder, side, f"model.json says {', '.join(sorted(declared))}; {file} has {names}")
        for node in actual:
            spec = declared[node.name]
            if _ELEMENT.get(node.type) != spec.dtype or list(node.shape) != list(spec.shape):
                raise PackageError(
                    folder,
                    f"{side}.{node.name}",
                    f"model.json says {spec.dtype} {list(spec.shape)}; {file} has {node.type} {list(node.shape)}",
                )
