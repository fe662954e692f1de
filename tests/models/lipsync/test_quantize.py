"""Smaller forms of a graph, from the package that ships: nothing is lost on the way back, and a package stays whole."""

import argparse
import shutil
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is a build-time dependency: pip install 'visaged[build]'")

from models.lipsync import requantize as command  # noqa: E402
from models.lipsync.parity import run_onnx  # noqa: E402
from models.lipsync.quantize import shrink, unfold  # noqa: E402
from models.lipsync.requantize import requantize  # noqa: E402
from visaged.inference.errors import PackageError  # noqa: E402
from visaged.inference.find import WHEEL_ROOT  # noqa: E402
from visaged.inference.package import load_package  # noqa: E402

RATE_HZ = 24_000


def sound() -> np.ndarray:
    """A tone that comes and goes, and noise."""
    rng = np.random.default_rng(3)
    time = np.arange(RATE_HZ) / RATE_HZ
    tone = 0.2 * np.sin(2 * np.pi * 300 * time) * (np.sin(12 * time) > 0)
    return np.asarray(tone + 0.02 * rng.standard_normal(len(time)), np.float32)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WHEEL_ROOT / "lipsync", tmp_path / "lipsync"))


def test_unfolded_and_shrunk_again_a_graph_says_the_same(package: Path, tmp_path: Path) -> None:
    shipped, other = package / "lipsync.fp32.onnx", tmp_path / "other.onnx"
    unfold(shipped, other)
    assert other.stat().st_size > 1.5 * shipped.stat().st_size
    assert not any(tensor.name.endswith("_half") for tensor in onnx.load(other).graph.initializer)
    shrink(other)
    assert other.stat().st_size < 1.01 * shipped.stat().st_size
    np.testing.assert_array_equal(run_onnx(other, sound()), run_onnx(shipped, sound()))


def test_a_package_gets_a_new_int8_graph_and_keeps_the_rest(package: Path) -> None:
    before = load_package(package).manifest
    (package / "lipsync.int8.onnx").write_bytes((package / "lipsync.fp32.onnx").read_bytes())
    with pytest.raises(PackageError, match=r"lipsync\.int8\.onnx: sha256"):
        requantize(package, "9.0.0", sound())
    shutil.copy(WHEEL_ROOT / "lipsync" / "lipsync.int8.onnx", package)
    after = requantize(package, "9.0.0", sound()).manifest
    assert after.version == "9.0.0"
    assert 0 < after.parity["int8"] < 0.03
    same = {"version", "sha256", "parity", "created"}
    assert after.model_dump(exclude=same) == before.model_dump(exclude=same)
    assert after.sha256["lipsync.fp32.onnx"] == before.sha256["lipsync.fp32.onnx"]


def test_a_folder_that_is_no_package_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.main(parser.parse_args(["--version", "1.0.0", "--folder", str(tmp_path)])) == 1
    assert "model.json" in capsys.readouterr().err
