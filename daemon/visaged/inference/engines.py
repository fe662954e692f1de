"""TensorRT engines on disk: built by ``visaged models build`` on the box that runs them, never at boot.

An engine fits one GPU, one TensorRT, one ONNX Runtime and one model. So each has a folder whose name tells all of them;
another of any of these is another folder, and the old one is only disk space.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from visaged.files import write_atomic
from visaged.inference.errors import SessionError
from visaged.inference.gpu import Gpu, GpuMissing, find_gpu, tensorrt_version
from visaged.inference.manifest import Precision
from visaged.inference.package import Package, model_hash
from visaged.inference.providers import TENSORRT
from visaged.inference.session import ORT_VERSION, OrtSession, open_session

# Written last: a folder without it was left half built.
_COMPLETE: Final = "engine.json"

DEFAULT_CACHE: Final = Path("/var/cache/visaged/engines")


@dataclass(frozen=True)
class EngineKey:
    """What an engine depends on."""

    gpu: Gpu
    tensorrt: str
    onnxruntime: str
    model: str
    """Hash over every file of the package, 64 hex digits: weights may lie beside the graph."""
    precision: Precision

    @property
    def folder_name(self) -> str:
        """Readable, and as long as a file name may be: ``orin-sm87_trt10.3.0_ort1.23.0_fp16_<hash>``."""
        gpu = re.sub(r"[^a-z0-9]+", "-", self.gpu.name.lower()).strip("-")[:40]
        capability = "".join(map(str, self.gpu.compute))
        told = (f"{gpu}-sm{capability}", f"trt{self.tensorrt}", f"ort{self.onnxruntime}", self.precision)
        return "_".join((*told, self.model[:16]))


def key_of(package: Package, precision: Precision) -> EngineKey:
    """The key of a package's engine on this box. Raises GpuMissing."""
    return EngineKey(find_gpu(), tensorrt_version(), ORT_VERSION, model_hash(package.manifest), precision)


def is_built(cache: Path, key: EngineKey) -> bool:
    """Whether the engine lies ready in ``cache``."""
    return (cache / key.folder_name / _COMPLETE).is_file()


def begin(cache: Path, key: EngineKey) -> Path:
    """An empty folder to build the engine in; what was there is removed. Raises OSError."""
    folder = cache / key.folder_name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def complete(cache: Path, key: EngineKey, figures: Mapping[str, Any]) -> None:
    """The engine is whole. ``figures`` are for people. Raises OSError."""
    told = {"gpu": key.gpu.name, "tensorrt": key.tensorrt, "model": key.model, "precision": key.precision, **figures}
    write_atomic(cache / key.folder_name / _COMPLETE, (json.dumps(told, indent=1) + "\n").encode())


def tensorrt_options(folder: Path, precision: Precision) -> dict[str, str]:
    """Options of ONNX Runtime's TensorRT provider that make it use, or fill, ``folder``."""
    return {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder),
        "trt_fp16_enable": "1" if precision == "fp16" else "0",
    }


def open_on_tensorrt(
    package: Package, precision: Precision, providers: Sequence[str], threads: int, cache: Path
) -> OrtSession:
    """A session on the engine that was built for it. Raises SessionError, also when none was: boot must not wait."""
    try:
        key = key_of(package, precision)
    except GpuMissing as error:
        raise SessionError(f'inference.providers names tensorrt, but {error}; set it to ["auto"]') from None
    if not is_built(cache, key):
        raise SessionError(
            f"no TensorRT engine of {package.manifest.name} {precision} for {key.gpu.name}, TensorRT {key.tensorrt} in "
            f"{cache}; build it with: visaged models build {package.folder}"
        )
    options = {TENSORRT: tensorrt_options(cache / key.folder_name, precision)}
    return open_session(package.model_path(precision, tensorrt=True), providers, threads, options)
