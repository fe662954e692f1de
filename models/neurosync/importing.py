"""``visaged models import neurosync FILE``: weights -> graphs in three precisions, measured on this box -> a package.

The reference is the plain torch module (module.py) on speech that calibration has not seen.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from models.neurosync import int8, module, parity
from models.neurosync.calibrate import measure_ranges
from models.neurosync.checkpoint import read
from models.neurosync.int8 import Candidate
from models.neurosync.matrices import Array, Model
from models.neurosync.packaging import graph_name, manifest_fields, write_float
from models.neurosync.parity import MOUTH_P99, Parity, size_mb
from models.neurosync.quantize import Range
from models.neurosync.speech import Windows, calibration_windows, clip_features, held_out_windows, windows_of
from visaged.console.progress import Report
from visaged.files import sha256_of
from visaged.inference.manifest import PositionEncoding, Precision
from visaged.inference.package import Package, write_package
from visaged.inference.providers import AUTO, CPU
from visaged.inference.session import open_session
from visaged.inference.store import check_free, put, staging
from visaged.inference.timing import Timing, time_steps

REPORT: Final = "report.json"

# fp32, fp16 and both ways of int8 lie on the disk side by side.
_BYTES_PER_WEIGHT: Final = 8
_SPARE_BYTES: Final = 64 << 20
# The written graph and the module must agree up to rounding; percent units.
_SAME: Final = 0.02
# More windows do not move the ranges, but take as long as these.
_CALIBRATED: Final = 24
_SECONDS: Final = 2.0


class ImportFailed(Exception):
    """No package was made; says why."""


@dataclass(frozen=True)
class Wishes:
    """What the operator may choose."""

    name: str = "neurosync"
    version: str = "1.0.0"
    licence: str = "as given by whoever supplied the weights; not known here"
    position: PositionEncoding | None = None
    heads: int | None = None
    precisions: tuple[Precision, ...] = ("fp32", "fp16", "int8")
    scaling: int8.Scaling | None = None
    """Of int8 activations; None: by measurement."""
    calibrate_with: tuple[Path, ...] = ()
    """Sound files; none: voices of this machine."""
    comparison: dict[str, Any] | None = None
    """What told the position encoding (compare.py), for the report."""
    threads: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))


@dataclass(frozen=True)
class Measured:
    """One precision."""

    parity: Parity
    timing: Timing
    size_mb: float
    provider: str = CPU
    """What it was measured on."""
    candidates: tuple[Candidate, ...] = ()
    """int8: both ways."""


def import_weights(path: Path, root: Path, wishes: Wishes, report: Report) -> tuple[Package, dict[Precision, Measured]]:
    """Make a package of the weights in ``path`` and install it in ``root``.

    Raises CheckpointError, ImportFailed, PackageError, SessionError, OSError; nothing is installed then.
    """
    check_free(root, wishes.name, wishes.version)
    model = read(path, wishes.position, wishes.heads, lambda share: report("reading the weights", share))
    _check_room(root, sum(weight.size for weight in model.weights.values()) * _BYTES_PER_WEIGHT)
    with staging(root) as folder:
        measured = _Maker(model, folder, wishes, report).make()
        chosen = pick(measured)
        written: dict[str, Any] = {"chosen": chosen, "threads": wishes.threads, "precisions": _plain(measured)}
        written |= {"position_encoding": model.position, "comparison": wishes.comparison}
        (folder / REPORT).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
        report("hashing", 0.0)
        files = {precision: graph_name(precision) for precision in measured}
        package = write_package(
            folder,
            **manifest_fields(
                model.shape,
                model.position,
                name=wishes.name,
                version=wishes.version,
                precision=chosen,
                files=files,
                tensorrt={p: graph_name(p, tensorrt=True) for p in measured if p != "int8"} or None,
                parity={precision: found.parity.raw for precision, found in measured.items()},
                int8_exact=True if "int8" in measured else None,
                source=f"weights {path.name}, sha256 {sha256_of(path)}; models/neurosync of visaged",
                licence=wishes.licence,
            ),
        )
        return put(package, root), measured


def pick(measured: dict[Precision, Measured]) -> Precision:
    """The fastest on this box of those whose mouth is exact enough; fp32, or else the most exact, if none is."""
    exact = [precision for precision, found in measured.items() if found.parity.mouth_p99 <= MOUTH_P99]
    if not exact:
        return min(measured, key=lambda precision: measured[precision].parity.mouth_p99)
    return min(exact, key=lambda precision: measured[precision].timing.p50_ms)


class _Maker:
    """The steps of making one package, in ``folder``."""

    def __init__(self, model: Model, folder: Path, wishes: Wishes, report: Report) -> None:
        self._model = model
        self._folder = folder
        self._wishes = wishes
        self._report = report
        self._bytes = sum(weight.size for weight in model.weights.values())

    def make(self) -> dict[Precision, Measured]:
        """Write and measure every precision that was asked for."""
        windows = held_out_windows()
        calibration = self._calibration() if "int8" in self._wishes.precisions else None
        reference = self._reference(windows)
        measured: dict[Precision, Measured] = {}
        with tempfile.TemporaryDirectory(dir=self._folder.parent) as name:
            aside = Path(name)
            # The weights of calibration are those of the fp32 graph, and must lie beside it.
            watched = self._folder / "watched.onnx"
            inputs = write_float(self._folder, "fp32", self._model, self._writing("fp32", 4), watched)
            measured["fp32"] = self._measure("fp32", windows, reference)
            if measured["fp32"].parity.raw > _SAME:
                raise ImportFailed(
                    f"the graph differs from the torch module by {measured['fp32'].parity.raw:.3g} percent points, at "
                    f"most {_SAME:g} is accepted: a defect of visaged or of this machine; please report it"
                )
            if calibration is not None:
                session = open_session(watched, [CPU], self._wishes.threads)
                share = lambda done: self._report("calibrating on speech", done)  # noqa: E731
                ranges = measure_ranges(session, inputs, calibration, share)
                del session
                measured["int8"] = self._int8(ranges, windows, reference, aside)
            watched.unlink()
        if "fp16" in self._wishes.precisions:
            write_float(self._folder, "fp16", self._model, self._writing("fp16", 2))
            measured["fp16"] = self._measure("fp16", windows, reference)
        if "fp32" not in self._wishes.precisions:
            del measured["fp32"]
            for path in self._folder.glob("neurosync.fp32.*"):
                path.unlink()
        return measured

    def _reference(self, windows: Windows) -> Array:
        """Outputs of the torch module."""
        net = module.build(dict(self._model.weights), self._model.shape, self._model.position)
        answers = []
        for done in range(len(windows)):
            self._report("running the reference", done / len(windows))
            answers.append(module.run(net, windows[done : done + 1]))
        return parity.joined(answers)

    def _calibration(self) -> Windows:
        files = self._wishes.calibrate_with
        windows = parity.joined([windows_of(clip_features(path)) for path in files]) if files else calibration_windows()
        return windows[:: -(-len(windows) // _CALIBRATED)]

    def _measure(self, precision: Precision, windows: Windows, reference: Array) -> Measured:
        self._report(f"measuring {precision}", 0.0)
        # On the card where there is one: this tells which precision the box is fastest with.
        session = open_session(self._folder / graph_name(precision), [AUTO], self._wishes.threads)
        found = parity.compare(parity.run(session, windows), reference)
        timing = time_steps(lambda: session.run(None, {"features": windows[:1]}), _SECONDS)
        size = size_mb(*self._folder.glob(f"neurosync.{precision}.*"))
        return Measured(found, timing, size, session.get_providers()[0])

    def _int8(self, ranges: dict[str, Range], windows: Windows, reference: Array, aside: Path) -> Measured:
        """Both ways, or the one asked for; the better one's files stay."""
        ways: tuple[int8.Scaling, ...] = (self._wishes.scaling,) if self._wishes.scaling else ("dynamic", "static")
        made: dict[int8.Scaling, Candidate] = {}
        for way in ways:
            (aside / way).mkdir()
            path = int8.write(aside / way, self._model, way, ranges, self._writing(f"int8, {way}", 1))
            self._report(f"measuring int8, {way}", 0.0)
            made[way] = int8.measure(path, way, windows, reference, self._wishes.threads)
        best = int8.better(*made.values()) if len(made) > 1 else next(iter(made.values()))
        for path in (aside / best.scaling).iterdir():
            path.rename(self._folder / path.name)
        size = size_mb(*self._folder.glob("neurosync.int8.*"))
        return Measured(best.parity, best.timing, size, candidates=tuple(made.values()))

    def _writing(self, what: str, bytes_per_weight: int) -> Callable[[int], None]:
        written, total = 0, self._bytes * bytes_per_weight

        def add(count: int) -> None:
            nonlocal written
            written += count
            self._report(f"writing {what}", min(written / total, 1.0))

        return add


def _check_room(root: Path, needed: int) -> None:
    there = next(folder for folder in (root, *root.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    if free < needed + _SPARE_BYTES:
        raise ImportFailed(
            f"{needed / 1e6:.0f} MB are needed on the disk of {root} while a package is made, {free / 1e6:.0f} MB are "
            "free; make room, or install on another disk with --models DIR"
        )


def _plain(measured: dict[Precision, Measured]) -> dict[str, Any]:
    """report.json: times and, per curve, errors."""
    return {
        precision: {
            "timing": asdict(found.timing),
            "provider": found.provider,
            "size_mb": round(found.size_mb, 1),
            "mouth_p99": found.parity.mouth_p99,
            "curves": found.parity.by_curve(),
        }
        | {
            f"int8_{candidate.scaling}": asdict(candidate.timing) | {"mouth_p99": candidate.parity.mouth_p99}
            for candidate in found.candidates
        }
        for precision, found in measured.items()
    }
