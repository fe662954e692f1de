"""Weights up to MAX_WEIGHT are exact on the processor at hand, and by arithmetic on every other."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is a build-time dependency: pip install 'visaged[build]'")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from models.int8_weights import MAX_WEIGHT, largest_weight  # noqa: E402
from visaged.inference.session import open_session  # noqa: E402

TERMS, OUTPUTS = 256, 48


def write(path: Path, weights: np.ndarray) -> Path:
    """A product of uint8 with ``weights`` int8, in int32."""
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "weights"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["rows", TERMS])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, ["rows", OUTPUTS])],
        [numpy_helper.from_array(weights, "weights")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def test_two_of_the_largest_products_fit_16_bits() -> None:
    assert np.iinfo(np.int16).max >= 2 * 255 * MAX_WEIGHT


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("rows", [1, 2, 3, 128])
def test_the_largest_products_are_exact_here(tmp_path: Path, rows: int, sign: int) -> None:
    """A product of few rows has a kernel of its own."""
    weights = np.full((TERMS, OUTPUTS), sign * MAX_WEIGHT, np.int8)
    x = np.full((rows, TERMS), 255, np.uint8)
    (y,) = open_session(write(tmp_path / "product.onnx", weights), ["cpu"]).run(None, {"x": x})
    np.testing.assert_array_equal(y, x.astype(np.int32) @ weights.astype(np.int32))


def test_the_largest_weight_of_a_file_is_found(tmp_path: Path) -> None:
    weights = np.zeros((TERMS, OUTPUTS), np.int8)
    weights[3, 4], weights[5, 6] = 17, -128
    assert largest_weight(write(tmp_path / "product.onnx", weights)) == 128
