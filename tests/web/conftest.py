"""An application with fakes where the daemon is; workers, folders and the guard are the real ones."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from starlette.testclient import TestClient

from visaged import samples
from visaged.config import Settings
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.envelope import AnyCommand
from visaged.inference.find import WHEEL_ROOT
from visaged.web.app import create_app
from visaged.web.auth.password import Passwords
from visaged.web.context import WebContext
from visaged.web.errors import HttpRefusal
from visaged.web.gateway import Gateway
from visaged.web.live.feed import FaceFeed
from visaged.web.solving.answers import AnswerCache
from visaged.web.solving.pool import SolvingPool
from visaged.web.uploads import Uploads

BASE = "http://127.0.0.1:8880"


class FakeDaemon(Gateway):
    """Answers commands from a table, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any] | HttpRefusal] = {
            "health.get": {"state": "online", "time": "2026-12-01T00:00:00Z", "uptime_s": 1.0, "version": "0.1.0"},
            "face.set": {"curves": ["JawOpen"]},
        }

    async def call(self, command: AnyCommand, fields: dict[str, Any]) -> dict[str, Any]:
        assert command is COMMANDS[command.name]
        self.asked.append((command.name, fields))
        answer = self.answers.get(command.name, {})
        if isinstance(answer, HttpRefusal):
            raise answer
        return answer


@pytest.fixture
def daemon() -> FakeDaemon:
    return FakeDaemon()


@pytest.fixture
def context(tmp_path: Path, daemon: FakeDaemon) -> WebContext:
    state = tmp_path / "state"
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    return WebContext(
        settings=Settings.model_validate({"face": {"solver": "energy"}, "device": {"id": "box-1"}}),
        roots=(WHEEL_ROOT,),
        state_folder=state,
        gateway=daemon,
        feed=FaceFeed(),
        uploads=Uploads(uploads),
        pool=SolvingPool((WHEEL_ROOT,)),
        answers=AnswerCache(),
        passwords=Passwords("", state),
    )


@pytest.fixture
def client(context: WebContext) -> Iterator[TestClient]:
    """A program on this machine. One event loop for all of its requests."""
    with TestClient(create_app(context), base_url=BASE, client=("127.0.0.1", 50_000)) as asking:
        yield asking
        assert asking.portal is not None
        asking.portal.call(context.close)


def voice(seconds: float = 0.5, rate_hz: int = 16_000) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Something that sounds."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return 0.3 * np.sin(2 * np.pi * 140 * time_s) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s))


def wav_bytes(seconds: float = 0.5, rate_hz: int = 16_000) -> bytes:
    """``voice`` as a file."""
    file = io.BytesIO()
    soundfile.write(file, voice(seconds, rate_hz), rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


def speech_bytes(seconds: float) -> bytes:
    """The beginning of the bundled speech."""
    sound, rate_hz = soundfile.read(samples.speech_path())
    file = io.BytesIO()
    soundfile.write(file, sound[: round(seconds * rate_hz)], rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


def error_of(answer: Any, status: int) -> dict[str, Any]:
    """The error of an answer with that status."""
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"code", "message", "field"}
    return error
