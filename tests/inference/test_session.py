from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.inference.tiny import write_model
from visaged.inference import session as session_module
from visaged.inference.errors import SessionError
from visaged.inference.session import open_session

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"

# A process of its own, so that the import of onnxruntime itself is part of what is watched.
LOAD_AND_RUN = """
import sys, time
from pathlib import Path
import numpy as np
from visaged.inference.session import open_session
session = open_session(Path(sys.argv[1]))
session.run(None, {"sound": np.zeros((1, 800), np.float32), "state_level": np.zeros((1, 1), np.float32)})
time.sleep(float(sys.argv[2]))
"""

# Left to itself ONNX Runtime 1.31 opened its first AF_INET6 socket 8 to 12 s after the load.
REPORTING_DELAY_S = 13


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_model(tmp_path / "tiny.onnx")
    return tmp_path / "tiny.onnx"


def test_auto_and_cpu_run_on_the_cpu_here(model: Path) -> None:
    assert open_session(model, ["cpu"]).get_providers() == [CPU]
    assert open_session(model).get_providers()[-1] == CPU


def test_a_provider_that_is_not_built_in_is_an_error(model: Path) -> None:
    with pytest.raises(SessionError, match=r"tiny\.onnx: inference\.providers: this ONNX Runtime has no 'rocm'"):
        open_session(model, ["rocm"])


class SilentFallback:
    """An ONNX Runtime that lists CUDA and then quietly uses the CPU, as the real one does without a driver."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.options: Any = None

    def make(self, _path: str, options: Any, providers: list[str], **_: Any) -> Any:
        self.options = options
        if self.error and CUDA in providers:
            raise self.error
        return self

    def get_providers(self) -> list[str]:
        return [CPU]


def pretend(monkeypatch: pytest.MonkeyPatch, runtime: SilentFallback) -> None:
    monkeypatch.setattr(session_module.ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(session_module.ort, "InferenceSession", runtime.make)


def test_a_silent_fallback_is_not_accepted_when_a_provider_was_demanded(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = SilentFallback()
    pretend(monkeypatch, runtime)
    with pytest.raises(SessionError, match="CUDAExecutionProvider was asked for, but the session runs on CPU"):
        open_session(model, ["cuda"])
    assert runtime.options.get_session_config_entry("session.disable_cpu_ep_fallback") == "1"
    with pytest.raises(SessionError, match="was asked for"):
        open_session(model, ["cuda", "cpu"])
    assert open_session(model, ["auto"]).get_providers() == [CPU]


def test_auto_goes_on_with_the_cpu_when_the_gpu_fails(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, SilentFallback(RuntimeError("no CUDA driver")))
    assert open_session(model, ["auto"]).get_providers() == [CPU]
    with pytest.raises(SessionError, match="no CUDA driver"):
        open_session(model, ["cuda"])


def test_a_file_that_is_no_model_is_one_clear_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"\x00not a model")
    with pytest.raises(SessionError, match=r"bad\.onnx does not run on CPU"):
        open_session(tmp_path / "bad.onnx")
    assert "EP Error" not in capfd.readouterr().out


def test_the_session_is_frugal(model: Path) -> None:
    options = open_session(model, ["cpu"]).get_session_options()
    assert options.intra_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def without_switch(home: Path) -> dict[str, str]:
    """The environment of a user who never heard of the switch, with a home of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ORT_")} | {"HOME": str(home)}


def test_loading_a_model_leaves_no_device_id_at_home(model: Path, tmp_path: Path) -> None:
    # What onnxruntime sends it first stores under ~/.cache/Microsoft, within a second.
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-c", LOAD_AND_RUN, str(model), "0.5"]
    done = subprocess.run(command, env=without_switch(home), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to see system calls")
def test_loading_a_model_opens_no_network_socket(model: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", str(trace)]
    command += [sys.executable, "-c", LOAD_AND_RUN, str(model), str(REPORTING_DELAY_S)]
    done = subprocess.run(
        command, env=without_switch(tmp_path), capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode and "ptrace" in done.stderr.lower():
        pytest.skip("this machine does not let strace trace")
    assert done.returncode == 0, done.stderr
    assert "AF_INET" not in trace.read_text()
