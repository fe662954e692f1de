"""Weights to an installed package, and every way in which that can fail without a trace."""

import errno
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("safetensors", reason="pip install 'visaged[build]'")

from models.int8_weights import MAX_WEIGHT, largest_weight  # noqa: E402
from models.neurosync import importing, int8, module, parity, speech, weights_file  # noqa: E402
from models.neurosync.importing import Measured, pick  # noqa: E402
from models.neurosync.int8 import Candidate, better  # noqa: E402
from models.neurosync.parity import COLUMNS, Parity  # noqa: E402
from models.neurosync.shape import FRAMES, INPUTS  # noqa: E402
from models.neurosync.twin import NARROW, random_weights  # noqa: E402
from visaged.cli import main  # noqa: E402
from visaged.console import exit_codes  # noqa: E402
from visaged.inference.package import load_package  # noqa: E402
from visaged.inference.session import open_session  # noqa: E402
from visaged.inference.timing import Timing  # noqa: E402

torch.set_num_threads(1)

WINDOWS = np.random.default_rng(7).standard_normal((3, FRAMES, INPUTS)).astype(np.float32)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A narrow checkpoint; speech is replaced by noise and times are short: what is judged here is the procedure."""
    monkeypatch.setattr(importing, "held_out_windows", lambda: WINDOWS)
    monkeypatch.setattr(importing, "calibration_windows", lambda: WINDOWS)
    for room in (importing, int8):
        monkeypatch.setattr(room, "_SECONDS", 0.01)
    path = tmp_path / "model.pth"
    torch.save({name: torch.from_numpy(array) for name, array in random_weights(NARROW).items()}, path)
    return path


def _run(box: Path, weights: Path, *words: str) -> int:
    return main(["models", "import", "--models", str(box), "--heads", "4", *words, "neurosync", str(weights)])


def test_all_precisions_are_made_verified_and_near_the_module(tmp_path: Path, weights: Path) -> None:
    assert _run(tmp_path / "box", weights, "--position-encoding", "global+local", "--licence", "mine") == 0
    package = load_package(tmp_path / "box" / "neurosync-1.0.0")
    manifest = package.manifest
    assert set(manifest.files) == {"fp32", "fp16", "int8"}
    assert (manifest.position_encoding, manifest.licence) == ("global+local", "mine")
    assert manifest.parity["fp32"] < 1e-3 < manifest.parity["int8"]
    expected = module.run(module.build(random_weights(NARROW), NARROW, "global+local"), WINDOWS)
    for precision, bound in (("fp32", 1e-3), ("fp16", 0.2), ("int8", 2.0)):
        answer = parity.run(open_session(package.model_path(precision), ["cpu"]), WINDOWS)
        error = float(np.abs(answer - expected).max())
        if precision != "int8":
            plain = parity.run(open_session(package.model_path(precision, tensorrt=True), ["cpu"]), WINDOWS)
            np.testing.assert_allclose(plain, answer, atol=2 * bound)
        assert error < bound
        assert error == pytest.approx(manifest.parity[precision], rel=0.3, abs=1e-4)
    report = json.loads((package.folder / "report.json").read_text())
    assert list(report["precisions"]["int8"]["curves"]) == list(COLUMNS)
    assert {"int8_dynamic", "int8_static"} <= report["precisions"]["int8"].keys()
    assert [path.name for path in (tmp_path / "box").iterdir()] == ["neurosync-1.0.0"]


def test_only_what_was_asked_for(tmp_path: Path, weights: Path) -> None:
    assert _run(tmp_path / "box", weights, "--precisions", "int8", "--int8", "static", "--name", "mine") == 0
    package = load_package(tmp_path / "box" / "mine-1.0.0")
    assert set(package.manifest.files) == {"int8"}
    names = {path.name for path in package.folder.iterdir()}
    assert names == {"model.json", "report.json", "neurosync.int8.onnx", "neurosync.int8.weights"}


@pytest.mark.parametrize("scaling", ["dynamic", "static"])
def test_int8_weights_are_right_on_every_processor(tmp_path: Path, weights: Path, scaling: str) -> None:
    assert _run(tmp_path / "box", weights, "--precisions", "int8", "--int8", scaling) == 0
    package = load_package(tmp_path / "box" / "neurosync-1.0.0")
    assert largest_weight(package.model_path("int8")) == MAX_WEIGHT
    assert package.manifest.int8_exact


@pytest.mark.parametrize("fails_at", range(0, 130, 13))
def test_a_full_disk_half_way_leaves_what_was_there(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fails_at: int
) -> None:
    assert _run(tmp_path / "box", weights, "--precisions", "int8", "--int8", "dynamic") == 0
    before = load_package(tmp_path / "box" / "neurosync-1.0.0").manifest
    calls = 0
    put = weights_file.WeightsFile.put

    def full(self: weights_file.WeightsFile, *arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls > fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        return put(self, *arguments)

    monkeypatch.setattr(weights_file.WeightsFile, "put", full)
    assert _run(tmp_path / "box", weights, "--version", "1.0.1") == exit_codes.FAILED
    assert "No space left on device" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "box").iterdir()] == ["neurosync-1.0.0"]
    assert load_package(tmp_path / "box" / "neurosync-1.0.0").manifest == before


def test_a_version_that_is_taken_is_said_before_the_work(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(tmp_path / "box", weights, "--precisions", "fp32") == 0
    monkeypatch.setattr(importing, "read", lambda *arguments: pytest.fail("the work has begun"))
    assert _run(tmp_path / "box", weights) == exit_codes.FAILED
    assert "choose a higher version" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--version", "1"],
        ["--name", "../a"],
        ["--licence", "x" * 5000],
        ["--precisions", "fp8"],
        ["--heads", "0"],
        ["--position-encoding", "none"],
    ],
)
def test_options_out_of_range(
    tmp_path: Path, weights: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _run(tmp_path / "box", weights, *words)
    assert ended.value.code == exit_codes.USAGE
    assert words[0] in capsys.readouterr().err


def test_too_small_a_disk_is_said_before_anything_is_written(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importing, "_SPARE_BYTES", 1 << 60)
    assert _run(tmp_path / "box", weights) == exit_codes.FAILED
    assert "MB are free; make room" in capsys.readouterr().err
    assert not (tmp_path / "box").exists()


def test_interrupted_half_way_nothing_is_left(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "measure_ranges", interrupted)
    assert _run(tmp_path / "box", weights) == exit_codes.INTERRUPTED
    assert not list((tmp_path / "box").iterdir())


def test_a_graph_that_computes_something_else_is_not_installed(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "run", lambda net, windows: np.zeros((len(windows), FRAMES, 68), np.float32))
    assert _run(tmp_path / "box", weights) == exit_codes.FAILED
    assert "please report it" in capsys.readouterr().err
    assert not list((tmp_path / "box").iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04", "cut off or damaged"),
        (b"not weights", "no weights; accepted"),
        (b"PK\x05\x06" + bytes(18), "an empty ZIP"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(content)
    assert _run(tmp_path / "box", path) == exit_codes.FAILED
    assert said in capsys.readouterr().err
    assert not (tmp_path / "box").exists()


def test_a_checkpoint_that_torch_cannot_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "model.pth", "w") as file:
        file.writestr("archive/data.pkl", "no weights")
    assert _run(tmp_path / "box", tmp_path / "model.pth") == exit_codes.FAILED
    error = capsys.readouterr().err
    assert "damaged" in error
    assert "Nothing was installed" in error
    assert not (tmp_path / "box").exists()


def test_a_sound_file_that_is_none_is_named(tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.wav").write_bytes(b"no sound")
    assert _run(tmp_path / "box", weights, "--calibrate-with", str(tmp_path / "no.wav")) == exit_codes.FAILED
    assert "no.wav" in capsys.readouterr().err
    assert not list((tmp_path / "box").iterdir())


def _parity(mouth: float) -> Parity:
    return Parity(np.full(68, mouth, np.float32), np.full(68, mouth, np.float32), mouth)


def _candidate(scaling: int8.Scaling, mouth: float, ms: float) -> Candidate:
    return Candidate(scaling, _parity(mouth), Timing(ms, ms, 9))


@pytest.mark.parametrize(
    ("dynamic", "static", "best"),
    [
        ((0.01, 100), (0.01, 90), "static"),
        ((0.01, 100), (0.03, 50), "dynamic"),
        ((0.01, 100), (0.005, 101), "static"),
        ((0.05, 50), (0.04, 100), "static"),
    ],
)
def test_the_better_int8(dynamic: tuple[float, float], static: tuple[float, float], best: str) -> None:
    assert better(_candidate("dynamic", *dynamic), _candidate("static", *static)).scaling == best


def test_the_fastest_exact_precision_is_picked() -> None:
    def measured(mouth: float, ms: float) -> Measured:
        return Measured(_parity(mouth), Timing(ms, ms, 9), 1.0)

    assert pick({"fp32": measured(0, 100), "int8": measured(0.01, 20)}) == "int8"
    assert pick({"fp32": measured(0, 100), "int8": measured(0.03, 20)}) == "fp32"
    assert pick({"int8": measured(0.03, 20), "fp16": measured(0.04, 10)}) == "int8"


def test_speech_makes_whole_windows() -> None:
    held_out = speech.held_out_windows()
    assert held_out.shape[1:] == (FRAMES, INPUTS)
    assert len(held_out) == 4
    assert speech.windows_of(held_out[0][:30]).shape == (1, FRAMES, INPUTS)
