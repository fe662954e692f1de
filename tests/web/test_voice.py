"""WS /stream/voice: into a FIFO that a real pipe source reads."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.patience import wait_until
from visaged.audio.stream.backlog import Backlog
from visaged.audio.stream.pipe import PipeFeeder
from visaged.web.context import WebContext
from visaged.web.errors import HttpRefusal
from visaged.web.live.voice import MAX_PIECE, VoiceDoor, VoiceForm, read_form

URL = "ws://127.0.0.1:8880/stream/voice"
SAMPLES = (8000 * np.sin(np.arange(24_000) / 10)).astype("<i2")


@pytest.fixture
def fifo(tmp_path: Path, context: WebContext) -> Path:
    path = tmp_path / "voice.fifo"
    os.mkfifo(path)
    context.voice = VoiceDoor(path)
    return path


@pytest.fixture
def backlog(fifo: Path) -> Iterator[Backlog]:
    backlog = Backlog()
    feeder = PipeFeeder(fifo, backlog)
    yield backlog
    backlog.close()
    feeder.stop()


def test_what_a_browser_says_is_what_the_box_hears(client: TestClient, backlog: Backlog) -> None:
    with client.websocket_connect(URL) as socket:
        socket.send_json({"rate_hz": 24_000, "channels": 1})
        assert socket.receive_json()["message"] == "speak"
        for piece in np.split(SAMPLES, 50):
            socket.send_bytes(piece.tobytes())
        # At the ring's rate it is twice as much; the converter's first and last milliseconds are its own.
        wait_until(lambda: backlog.held > 2 * len(SAMPLES) - 2000, lambda: f"{backlog.held} samples")
    heard = np.zeros(2 * len(SAMPLES), np.float32)
    backlog.end()
    assert backlog.take(heard) > 2 * len(SAMPLES) - 2000
    assert np.abs(heard).max() == pytest.approx(8000 / 32768, abs=0.02)


def test_one_speaks_at_a_time_and_the_next_may_when_he_has_ended(client: TestClient, backlog: Backlog) -> None:
    with client.websocket_connect(URL) as first:
        first.send_json({})
        assert first.receive_json()["rate_hz"] == 24_000
        with client.websocket_connect(URL) as second:
            second.send_json({})
            assert second.receive_json()["error"]["code"] == "busy"

    def may() -> bool:
        with client.websocket_connect(URL) as third:
            third.send_json({})
            return "message" in third.receive_json()

    wait_until(may)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("", "invalid"),
        ("[]", "invalid"),
        ('{"rate_hz": 0}', "invalid"),
        ('{"rate_hz": 1e9}', "invalid"),
        ('{"channels": 24}', "invalid"),
        ('{"format": "f32"}', "invalid"),
        ("{" * 5000, "invalid"),
    ],
)
def test_a_form_that_cannot_be_is_refused(client: TestClient, backlog: Backlog, first: str, code: str) -> None:
    with client.websocket_connect(URL) as socket:
        socket.send_text(first)
        assert socket.receive_json()["error"]["code"] == code


@pytest.mark.parametrize(("piece", "code"), [(bytes(3), "invalid"), (bytes(MAX_PIECE + 2), "too_large")])
def test_what_is_no_samples_is_refused(client: TestClient, backlog: Backlog, piece: bytes, code: str) -> None:
    with client.websocket_connect(URL) as socket:
        socket.send_json({})
        socket.receive_json()
        socket.send_bytes(piece)
        assert socket.receive_json()["error"]["code"] == code


def test_a_box_that_does_not_listen_here_says_how_it_would(client: TestClient, fifo: Path) -> None:
    with client.websocket_connect(URL) as socket:
        socket.send_json({})
        error = socket.receive_json()["error"]
    assert (error["code"], error["field"]) == ("unavailable", "audio.input.backend")


def test_a_box_that_stops_listening_ends_it(fifo: Path) -> None:
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    with VoiceDoor(fifo).open(VoiceForm()) as writer:
        asyncio.run(writer.write(bytes(960)))
        os.close(reader)
        with pytest.raises(HttpRefusal, match="does not listen any more"):
            asyncio.run(writer.write(bytes(960)))


def test_the_header_is_a_wav_without_an_end() -> None:
    header = read_form('{"rate_hz": 16000, "channels": 2}').header
    assert len(header) == 44
    assert header[:4] + header[8:16] + header[36:40] == b"RIFFWAVEfmt data"
    assert struct.unpack_from("<HHIIHH", header, 20) == (1, 2, 16_000, 64_000, 4, 16)
