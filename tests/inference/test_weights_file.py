"""Files of weights that are none, named without torch."""

from __future__ import annotations

import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from visaged.inference.weights_file import Form, fault_of, is_safetensors

BOTH: tuple[Form, ...] = ("torch", "safetensors")
WEIGHTS = save({"a": np.zeros((30, 40), np.float32), "b": np.ones(7, np.float16)}, {"made": "by a test"})
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n"


def write_torch(path: Path) -> Path:
    """The layout of torch.save's ZIP."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, 2))
        archive.writestr("archive/data/0", bytes(4000))
    return path


@pytest.mark.parametrize("forms", [BOTH, ("safetensors",)])
def test_whole_safetensors_whatever_they_are_called(tmp_path: Path, forms: tuple[Form, ...]) -> None:
    for name in ("model.safetensors", "model.pth"):
        (tmp_path / name).write_bytes(WEIGHTS)
        assert is_safetensors(tmp_path / name)
        assert fault_of(tmp_path / name, forms) is None


def test_torch_checkpoints(tmp_path: Path) -> None:
    path = write_torch(tmp_path / "model.pth")
    assert not is_safetensors(path)
    assert fault_of(path, BOTH) is None
    assert "is a ZIP archive; accepted: safetensors" in str(fault_of(path, ("safetensors",)))
    path.write_bytes(pickle.dumps({"old": 1}, 2))
    assert fault_of(path, BOTH) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (POINTER, "is a Git LFS pointer, not the file itself; accepted: torch"),
        (b"<!doctype html><html><body>404", "is a web page (HTML)"),
        (b'{"error":"Repository not found"}', "is a JSON document"),
        (b"", "is empty"),
        (bytes(4096), "is all zeros at its beginning"),
        (b"GGUF\x03\0\0\0", "is a GGUF model"),
        (b"Not Found", "begins with 'Not Found': no weights; accepted: "),
        (b"\x1b]0;title\x07", "begins with '\\x1b]0;title\\x07'"),
        (WEIGHTS[: len(WEIGHTS) // 2], f"is cut off: {len(WEIGHTS) // 2} of {len(WEIGHTS)} bytes"),
        (WEIGHTS[:-1], f"is cut off: {len(WEIGHTS) - 1} of {len(WEIGHTS)} bytes"),
        (WEIGHTS[:40], "is cut off: 40 of "),
        (WEIGHTS[:60].replace(b":", b"!") + WEIGHTS[60:], "has a damaged header of safetensors"),
        (struct.pack("<Q", 9) + b'{"a": 1} ', "has a damaged header of safetensors"),
    ],
)
def test_what_is_no_weights_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    fault = fault_of(path, BOTH)
    assert fault is not None
    assert said.replace("accepted: torch", "accepted: a torch checkpoint") in fault
    assert fault.isprintable()


def test_zips_that_are_no_checkpoints(tmp_path: Path) -> None:
    path = write_torch(tmp_path / "model.pth")
    path.write_bytes(path.read_bytes()[:3000])
    assert "is cut off or damaged" in str(fault_of(path, BOTH))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.pth", "")
    assert "without a torch checkpoint in it" in str(fault_of(path, BOTH))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 200), byte=st.integers(0, 255), length=st.integers(0, len(WEIGHTS)))
def test_damage_is_named_or_not_seen(tmp_path: Path, at: int, byte: int, length: int) -> None:
    content = bytearray(WEIGHTS)
    content[at] = byte
    path = tmp_path / "model.safetensors"
    path.write_bytes(content[:length])
    fault = fault_of(path, BOTH)
    assert fault is None or fault.isprintable()
    if length < len(WEIGHTS) and content == WEIGHTS:
        assert fault is not None
