from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: ./setup.sh peers")

import onnx  # noqa: E402

from models.int8_weights import MAX_WEIGHT, largest_weight  # noqa: E402
from models.mimi import quantize  # noqa: E402
from models.mimi.dims import NARROW, RATIOS  # noqa: E402
from models.mimi.export import trace  # noqa: E402
from models.mimi.quantize import Int8, QuantizationError, products, to_int8  # noqa: E402
from models.mimi.steps import DecoderStep, EncoderStep  # noqa: E402
from models.mimi.twin import random_weights  # noqa: E402

# Four matrices a layer; a residual block has two and each stride one, plus the inner convolution.
TRANSFORMER = 4 * NARROW.layers
CONVOLUTIONS = 3 * len(RATIOS) + 1


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, weights = tmp_path_factory.mktemp("onnx"), random_weights(NARROW)
    paths = {"encoder": folder / "encoder.onnx", "decoder": folder / "decoder.onnx"}
    trace(EncoderStep(weights, NARROW, 8), paths["encoder"])
    trace(DecoderStep(weights, NARROW, 8), paths["decoder"])
    return paths


@pytest.mark.parametrize(("direction", "downsample"), [("encoder", 1), ("decoder", 0)])
def test_what_becomes_int8(exported: dict[str, Path], direction: str, downsample: int, tmp_path: Path) -> None:
    assert to_int8(exported[direction], tmp_path / "some.onnx", Int8.TRANSFORMER) == TRANSFORMER
    count = to_int8(exported[direction], tmp_path / "all.onnx", Int8.EVERYTHING)
    assert count == TRANSFORMER + CONVOLUTIONS + downsample
    graph = onnx.load(tmp_path / "all.onnx").graph
    weights = {node.input[1] for node in graph.node if node.op_type == "MatMulInteger"}
    assert not any("quantizer" in name for name in weights)


@pytest.mark.parametrize("scope", list(Int8))
def test_weights_are_right_on_every_processor(exported: dict[str, Path], scope: Int8, tmp_path: Path) -> None:
    for direction, path in exported.items():
        to_int8(path, tmp_path / f"{direction}.onnx", scope)
        assert largest_weight(tmp_path / f"{direction}.onnx") <= MAX_WEIGHT


def test_a_quantiser_that_skips_nodes_is_found_out(
    exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "products", lambda model, scope: [*products(model, scope), "/renamed/MatMul"])
    with pytest.raises(QuantizationError, match=f"{TRANSFORMER + 1} matrix products should be int8, {TRANSFORMER} are"):
        to_int8(exported["encoder"], tmp_path / "some.onnx", Int8.TRANSFORMER)


@pytest.mark.parametrize("direction", ["encoder", "decoder"])
def test_the_graph_is_ready_for_cuda_graphs(exported: dict[str, Path], direction: str) -> None:
    """Every shape is fixed and nothing depends on a value: no loop, no branch, no convolution left."""
    model = onnx.shape_inference.infer_shapes(onnx.load(exported[direction]))
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"Loop", "If", "Scan", "NonZero", "Conv", "ConvTranspose"}
    for value in (*model.graph.input, *model.graph.output):
        assert all(size.dim_value > 0 for size in value.type.tensor_type.shape.dim), value.name
