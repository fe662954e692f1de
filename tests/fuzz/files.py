"""What comes as a file of other people: settings, recordings, sounds, weights."""

from __future__ import annotations

import io
import math
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from tests.fuzz.driver import Format
from visaged import file_kind
from visaged.audio.errors import FileUnusable
from visaged.audio.file_reader import read_all
from visaged.config import Settings, default
from visaged.config.load import ConfigError, load
from visaged.curves import COUNT, CURVES
from visaged.recording import timecode
from visaged.recording.base import MAX_FRAMES, RecordingError
from visaged.recording.files import read


@contextmanager
def as_file(data: bytes, suffix: str) -> Iterator[Path]:
    """``data`` as a file for a moment."""
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        path = Path(folder) / f"input{suffix}"
        path.write_bytes(data)
        yield path


def _settings(data: bytes) -> None:
    with as_file(data, ".toml") as path:
        try:
            settings = load(path)
        except ConfigError as error:
            assert error.issues
            return
    assert isinstance(settings, Settings)


def _recording(suffix: str, data: bytes) -> None:
    with as_file(data, suffix) as path:
        try:
            recording = read(path)
        except RecordingError as error:
            assert "\n" not in str(error), str(error)
            return
    assert recording.curves.shape[1] == COUNT
    assert len(recording.curves) <= MAX_FRAMES
    assert np.isfinite(recording.curves).all()


def _wav(data: bytes) -> None:
    with as_file(data, ".wav") as path:
        try:
            sound = read_all(path)
        except FileUnusable:
            return
    assert np.isfinite(sound).all()


def _timecode(data: bytes) -> None:
    read_ = timecode.read(data.decode("utf-8", "replace"))
    if read_ is not None:
        assert math.isfinite(read_.part)


def _kind(data: bytes) -> None:
    file_kind.kind_of(data)


def _make_wav() -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x01\x02" * 400)
    return held.getvalue()


def _make_csv() -> bytes:
    names = ",".join(("Timecode", "BlendShapeCount", *CURVES))
    rows = (f"00:00:01:{row:02d}.000,{COUNT}," + ",".join(["0.25"] * COUNT) for row in range(4))
    return "\n".join((names, *rows)).encode()


def _make_npz() -> bytes:
    held = io.BytesIO()
    np.savez(held, curves=np.zeros((4, COUNT), np.float32), fps=np.float64(60), names=np.array(CURVES))
    return held.getvalue()


_TIMECODES: Final = (b"00:00:01:02.500", b"00:00:59;28.000", b"23:59:59:59.999")
FORMATS: Final = (
    Format("settings", (default.default_toml().encode(), b"[livelink]\nfps = 60\n"), _settings),
    Format("csv", (_make_csv(),), lambda data: _recording(".csv", data)),
    Format("npz", (_make_npz(),), lambda data: _recording(".npz", data)),
    Format("wav", (_make_wav(),), _wav),
    Format("timecode", _TIMECODES, _timecode),
    Format("kind", (b"RIFF\x00\x00\x00\x00WAVE", b"PK\x03\x04", b"<html>"), _kind),
)
