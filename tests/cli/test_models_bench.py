from __future__ import annotations

from pathlib import Path

import pytest

from tests.face.neurosync.small_model import write_neurosync
from tests.inference.tiny import write_tiny
from visaged.cli import main
from visaged.cli.models import building
from visaged.console import exit_codes
from visaged.face.neurosync.threads import keep_measured
from visaged.inference.gpu import Gpu, GpuMissing


def test_every_precision_and_thread_count_is_timed_and_the_fastest_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny(tmp_path / "tiny")
    assert main(["models", "bench", "--seconds", "0.01", "--threads", "1,2", str(tmp_path / "tiny")]) == 0
    said = capsys.readouterr().out
    assert said.count("fp32 ") == 2
    assert 'fastest here: inference.precision = "fp32", inference.threads = ' in said


def test_of_neurosync_it_says_how_many_threads_the_daemon_found_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = write_neurosync(tmp_path / "neurosync")
    monkeypatch.setattr("visaged.inference.engines.DEFAULT_CACHE", tmp_path)
    words = ["models", "bench", "--seconds", "0.01", "--threads", "1", str(tmp_path / "neurosync")]
    assert main(words) == 0
    assert "live in" not in capsys.readouterr().out
    keep_measured(tmp_path, package, "fp32", {1: 210.0})
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "live in fp32: inference.threads = 1 unless set, measured " in said
    assert "(1: 210 ms)" in said


def test_a_provider_that_is_not_here_is_said_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny(tmp_path / "tiny")
    words = ["--seconds", "0.01", "--threads", "1", "--provider", "rocm"]
    assert main(["models", "bench", *words, str(tmp_path / "tiny")]) == exit_codes.FAILED
    assert "no 'rocm'" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--threads", "0"], ["--threads", "a"], ["--seconds", "-1"], ["--seconds", "nan"]])
def test_options_out_of_range(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", "bench", *words])
    assert ended.value.code == exit_codes.USAGE
    assert "expected" in capsys.readouterr().err


def test_build_without_a_gpu_is_refused_with_the_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> Gpu:
        raise GpuMissing("no NVIDIA driver is installed")

    monkeypatch.setattr(building, "key_of", missing)
    write_tiny(tmp_path / "tiny")
    assert main(["models", "build", str(tmp_path / "tiny")]) == exit_codes.UNAVAILABLE
    said = capsys.readouterr().err
    assert "no NVIDIA driver is installed" in said
    assert 'inference.providers to ["auto"]' in said


def test_build_of_a_precision_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny(tmp_path / "tiny")
    assert main(["models", "build", "--precision", "fp16", str(tmp_path / "tiny")]) == exit_codes.FAILED
    assert "no precision 'fp16'; there is fp32" in capsys.readouterr().err
