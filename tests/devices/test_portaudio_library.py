"""PortAudio's library: what it holds is given back, and nothing is pulled from under a thread at the end."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.patience import PATIENCE_S
from visaged.audio import portaudio_library
from visaged.audio.errors import DeviceUnusable

# What PortAudio would do at the end of the process: close streams in which a thread may hang.
PROGRAM = """
import os
from visaged.audio import portaudio_library
module = portaudio_library.load()
module._initialized = 1
module._terminate = lambda: os._exit(3)
"""


def test_the_end_of_the_process_closes_no_stream() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], timeout=PATIENCE_S, check=False)
    assert ended.returncode == 0


def test_a_stream_that_does_not_start_is_closed(sound_cards, monkeypatch: pytest.MonkeyPatch) -> None:
    sound_cards.add("mic", loop=True)
    sounddevice = portaudio_library.load()
    closed: list[object] = []

    def refuse(stream: object) -> None:
        raise sounddevice.PortAudioError("no")

    monkeypatch.setattr(sounddevice.RawInputStream, "start", refuse)
    monkeypatch.setattr(sounddevice.RawInputStream, "close", lambda stream, **_: closed.append(stream))
    with pytest.raises(DeviceUnusable, match="'mic' cannot be opened: no"):
        portaudio_library.open_stream("input", "mic", 48_000, 480)
    assert len(closed) == 1
