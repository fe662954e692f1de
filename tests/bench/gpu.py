"""What only a GPU can show: device memory under the capsule cache, and the solvers on CUDA beside the CPU.

``make test-gpu`` runs it after the tests; without a card, or without torch, it says so and fails.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from models.mimi.dims import TRUE
from models.mimi.packaging import Plan
from models.mimi.random_packages import write
from models.mimi.transformer import Memory
from tests.bench.capsules import hit_to_pose, play
from tests.bench.neurosync import CACHE, random_package
from tests.bench.report import Bench, Row
from tests.inference.slabs import cuda_missing
from visaged.codec import offline
from visaged.codec.frame_codec import FRAME
from visaged.codec.mimi import MimiDecoder, MimiEncoder
from visaged.curves import neutral
from visaged.face.lipsync.solver import open_lipsync
from visaged.face.solver import HOP
from visaged.inference.engine_build import build_engine
from visaged.inference.engines import is_built, key_of
from visaged.inference.errors import NoPackageError, SessionError
from visaged.inference.find import search_roots
from visaged.inference.gpu import GpuMissing
from visaged.inference.memory import CudaSlab, HostSlab, Slab
from visaged.inference.step import StepRunner
from visaged.inference.timing import time_steps

_STEPS = 3000
_SECONDS = 5.0
_MIMI_FRAMES = 400
# The window of ten seconds full.
_MIMI_WARM_UP = 130
_COPY_BYTES = 64 << 20
_COPIES = 20
# A day on the host takes a quarter of an hour; an hour on the card shows the same code with another memory.
_PLAY_HOURS = 1.0


def measure() -> Bench:
    """All rows, host or CPU and card side by side. Raises RuntimeError where there is no card."""
    missing = cuda_missing()
    if missing:
        raise RuntimeError(f"this needs an NVIDIA GPU and torch: {missing}")
    import torch  # noqa: PLC0415

    card = torch.cuda.get_device_name(0)
    rows = [
        copy("host", HostSlab(_COPY_BYTES)),
        copy("cuda", CudaSlab(_COPY_BYTES)),
        hit_to_pose("host", HostSlab),
        hit_to_pose("cuda", CudaSlab),
        play("cuda", CudaSlab, _PLAY_HOURS),
        solver_step("cpu"),
        solver_step("cuda"),
        neurosync_window("cuda", "fp16"),
        neurosync_window("cuda", "fp32"),
        neurosync_window("tensorrt", "fp16"),
        *mimi_frame("cpu", Memory.RING, "int8"),
        *mimi_frame("cuda", Memory.SHIFT, "fp16"),
        *mimi_frame("cuda", Memory.SHIFT, "fp32"),
    ]
    return Bench("gpu", "make test-gpu", rows, f"Card: {card}; torch {torch.__version__}.")


def copy(name: str, slab: Slab) -> Row:
    """Whole slab in and out."""
    data = np.random.default_rng(1).integers(0, 256, _COPY_BYTES, dtype=np.uint8)
    begun = time.perf_counter()
    for _ in range(_COPIES):
        slab.write(0, data)
    written = time.perf_counter()
    for _ in range(_COPIES):
        back = slab.read(0, _COPY_BYTES).copy()
    read = time.perf_counter()
    assert np.array_equal(back, data)
    slab.close()
    moved_gib = _COPIES * _COPY_BYTES / 2**30
    figures: dict[str, float | str | None] = {
        "write GiB/s": moved_gib / (written - begun),
        "read GiB/s": moved_gib / (read - written),
    }
    return Row(f"slab of 64 MiB, {name}", figures)


def solver_step(provider: str) -> Row:
    """One lipsync step, 16.7 ms of sound; a provider that is not really used is an empty row."""
    try:
        solver, _ = open_lipsync(search_roots(), providers=(provider,))
    except NoPackageError as error:
        return Row(f"lipsync step on {provider}: not to be had ({error})", {})
    rng, pose, state = np.random.default_rng(1), neutral(), solver.initial_state()
    sounds = (0.1 * rng.standard_normal((16, HOP))).astype(np.float32)
    times_ms = []
    for step in range(_STEPS):
        begun = time.perf_counter()
        state = solver.step(sounds[step % 16], state, pose)
        times_ms.append(1000 * (time.perf_counter() - begun))
    p50, p99 = np.percentile(times_ms[100:], (50, 99))
    return Row(f"lipsync step on {', '.join(solver.providers)}", {"p50 ms": float(p50), "p99 ms": float(p99)})


def neurosync_window(provider: str, precision: str) -> Row:
    """One window of 128 frames at full size; an engine is built first where TensorRT is meant."""
    package = random_package()
    what = f"NeuroSync window, {precision} on {provider}"
    try:
        if provider == "tensorrt":
            key = key_of(package, package.choose(precision))
            if not is_built(CACHE, key):
                build_engine(package, package.choose(precision), CACHE, key)
        runner = StepRunner(package, precision, [provider], engine_cache=CACHE)
    except (GpuMissing, SessionError) as error:
        return Row(f"{what}: not to be had ({error})", {})
    state = runner.initial_state()
    timing = time_steps(lambda: runner.step(state), _SECONDS)
    return Row(f"{what} ({', '.join(runner.providers)})", {"p50 ms": timing.p50_ms, "p99 ms": timing.p99_ms})


def mimi_frame(provider: str, memory: Memory, precision: str) -> list[Row]:
    """One 80 ms frame in each direction, random weights of the true shapes; unpaced."""
    sound = (0.1 * np.random.default_rng(1).standard_normal(_MIMI_FRAMES * FRAME)).astype(np.float32)
    with tempfile.TemporaryDirectory() as name:
        encoder_package, decoder_package = write(Path(name) / "models", TRUE, Plan(memory=memory))
        encoder = MimiEncoder(encoder_package, 0, precision, [provider])
        decoder = MimiDecoder(decoder_package, 0, precision, [provider])
        times_s: list[float] = []
        codes = offline.encode(encoder, sound, lambda share: times_s.append(time.perf_counter()))
        heard = np.diff(times_s)[_MIMI_WARM_UP:] * 1000
        times_s.clear()
        offline.decode(decoder, codes, lambda share: times_s.append(time.perf_counter()))
        said = np.diff(times_s)[_MIMI_WARM_UP:] * 1000
    rows = []
    for what, opened, times_ms in (("encode", encoder, heard), ("decode", decoder, said)):
        p50, p99 = np.percentile(times_ms, (50, 99))
        rows.append(
            Row(f"mimi {what}, {precision}, {opened.providers[0]}", {"p50 ms": float(p50), "p99 ms": float(p99)})
        )
    return rows
