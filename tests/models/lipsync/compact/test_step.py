"""The graph written by hand against the module that was trained, over a minute of changing sound and state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("pocketsphinx", reason="the front end's tables are in the pocketsphinx package (extra: build)")
onnx = pytest.importorskip("onnx", reason="onnx is a build-time dependency: pip install 'visaged[build]'")

from models.lipsync.compact.step import write  # noqa: E402
from models.lipsync.export import SHIPPED_WEIGHTS, run_torch  # noqa: E402
from models.lipsync.parity import run_onnx  # noqa: E402
from models.lipsync.stream_step import StreamStep  # noqa: E402
from models.lipsync.weights import load  # noqa: E402

RATE_HZ = 24_000


@pytest.fixture(scope="module")
def step() -> StreamStep:
    return StreamStep(*load(SHIPPED_WEIGHTS)).eval()


@pytest.fixture(scope="module")
def graph(step: StreamStep, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compact") / "lipsync.onnx"
    write(step, path)
    return path


def test_it_equals_the_module_whatever_is_heard(step: StreamStep, graph: Path) -> None:
    chance = np.random.default_rng(5)
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    tones = np.sin(2 * np.pi * 150 * time) * (np.sin(9 * time) > 0) * np.linspace(1, 0, len(time))
    noise = chance.uniform(-1, 1, RATE_HZ)
    sound = np.concatenate([tones, np.zeros(RATE_HZ), noise, np.ones(RATE_HZ // 2)]).astype(np.float32)
    assert np.abs(run_onnx(graph, sound) - run_torch(step, sound)).max() < 1e-4


def test_it_stays_compact(graph: Path) -> None:
    # At its real pace a node costs 2 to 5 us: what the exporter writes has 409 after optimisation.
    assert len(onnx.load(graph).graph.node) <= 200
