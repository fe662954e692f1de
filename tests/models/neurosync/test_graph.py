"""The graph that is written node by node computes what the plain torch module does, for every position encoding."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")

from models.neurosync import module  # noqa: E402
from models.neurosync.graph import Float, Graph, Network  # noqa: E402
from models.neurosync.matrices import Model  # noqa: E402
from models.neurosync.packaging import write_random  # noqa: E402
from models.neurosync.shape import FRAMES, INPUTS, POSITION_ENCODINGS, PositionEncoding, Shape  # noqa: E402
from models.neurosync.twin import NARROW, random_weights  # noqa: E402
from models.neurosync.weights_file import WeightsFile  # noqa: E402
from visaged.inference.session import open_session  # noqa: E402

torch.set_num_threads(1)

WINDOWS = np.random.default_rng(5).standard_normal((2, FRAMES, INPUTS)).astype(np.float32)


def _graph(folder: Path, shape: Shape, position: PositionEncoding, linear: Float, fused: bool) -> Path:
    with WeightsFile(folder / "weights") as file:
        graph = Graph(file)
        output = Network(graph, Model(random_weights(shape), shape, position), linear, fused).build()
        graph.save(folder / "model.onnx", shape, output)
    return folder / "model.onnx"


def _run(path: Path) -> np.ndarray:
    session = open_session(path, ["cpu"])
    return np.concatenate([session.run(None, {"features": window[None]})[0] for window in WINDOWS])


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("position", POSITION_ENCODINGS)
def test_graph_and_module_agree(tmp_path: Path, position: PositionEncoding, fused: bool) -> None:
    expected = module.run(module.build(random_weights(NARROW), NARROW, position), WINDOWS)
    assert expected.std() > 5
    np.testing.assert_allclose(_run(_graph(tmp_path, NARROW, position, Float(), fused)), expected, atol=1e-4)


def test_without_the_last_norm(tmp_path: Path) -> None:
    shape = Shape(hidden=16, feed_forward=32, layers=1, heads=2, norm=False)
    expected = module.run(module.build(random_weights(shape), shape, "local"), WINDOWS)
    np.testing.assert_allclose(_run(_graph(tmp_path, shape, "local", Float(), True)), expected, atol=1e-4)


@pytest.mark.parametrize("fused", [False, True])
def test_half_precision_is_near(tmp_path: Path, fused: bool) -> None:
    expected = module.run(module.build(random_weights(NARROW), NARROW, "local"), WINDOWS)
    error = np.abs(_run(_graph(tmp_path, NARROW, "local", Float(np.float16), fused)) - expected)
    assert 0 < np.quantile(error, 0.99) < 0.5


def test_the_position_encodings_differ(tmp_path: Path) -> None:
    answers = [module.run(module.build(random_weights(NARROW), NARROW, p), WINDOWS[:1]) for p in POSITION_ENCODINGS]
    for one, other in zip(answers, answers[1:] + answers[:1], strict=True):
        assert np.abs(one - other).max() > 0.1


def test_a_random_package_is_sound_and_the_same_each_time(tmp_path: Path) -> None:
    one, other = write_random(tmp_path / "one"), write_random(tmp_path / "other")
    assert one.manifest.position_encoding == "local"
    assert one.manifest.sha256 == other.manifest.sha256
    assert _run(one.model_path()).shape == (2, FRAMES, 68)
