"""A talk with a brain, heard at the speaker: turn end to first sound, barge-in to silence, packets meanwhile.

The brain's server answers at once, on the loopback: what is measured is the box. The speaker is a simulated card whose
clock runs in real time; its queue is part of the figures.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.bench.report import Bench, Row
from tests.conversation.brains.chat_server import ChatServer
from tests.conversation.brains.realtime_server import RealtimeServer, tone
from tests.devices.card import SoundCard, SoundCards, build
from tests.patience import wait_until
from tests.running import Running

TURNS = 10
_LOUD = 0.02
_SETTINGS = (
    "--set=device.mode=converse",
    "--set=animation.idle=false",
    "--set=audio.output.backend=alsa",
    "--set=audio.output.device=speaker",
    "--set=codec.echo=none",
    "--input=mic",
)


def measure() -> Bench:
    """A row a figure."""
    with tempfile.TemporaryDirectory(prefix="conversation") as name:
        folder = Path(name)
        library = build(folder)
        rows = [*_realtime(folder / "realtime", library), *_chat(folder / "chat", library)]
    note = (
        "The brain answers at once. chat: from the guest's last sample; 700 ms of it are the rule of the pause."
        " Other work ran on the machine (load 2 to 4), and the packets' arrivals are stamped in Python beside it."
    )
    return Bench("conversation", "python -m tests.bench conversation", rows, note)


def _realtime(folder: Path, library: Path) -> list[Row]:
    server, cards = RealtimeServer(), _cards(folder, library)
    cards.add("mic", np.zeros(48_000, np.float32), loop=True)
    speaker = cards.add("speaker")
    first, silent = [], []
    settings = ("--set=conversation.brain=realtime", f"--set=conversation.url={server.url}")
    with Running(*_SETTINGS, *settings, log=folder / "log") as running:
        server.until("input_audio_buffer.append", 50)
        began = len(running.packets)
        for number in range(TURNS):
            asked = speaker.frame_at(time.monotonic_ns())
            server.answer(30.0, f"r{number}", f"i{number}")
            wait_until(lambda at=asked: len(_loud(speaker, at)) > 24_000)  # type: ignore[misc]
            first.append((_loud(speaker, asked)[0]) / 48)
            cut = speaker.frame_at(time.monotonic_ns())
            server.guest_begins()
            wait_until(lambda at=cut: len(speaker.played()) - at > 48_000)  # type: ignore[misc]
            silent.append((_loud(speaker, cut)[-1] + 1) / 48)
            server.guest_ends()
        gaps_ms = np.diff([arrival for arrival, _ in running.packets[began:]]) / 1e6
    server.close()
    p99, most = (round(float(np.percentile(gaps_ms, percent)), 2) for percent in (99, 100))
    return [
        Row("realtime, answer sent to first sound at the speaker", _spread(first)),
        Row("realtime, barge-in told to silence at the speaker", _spread(silent), "150 ms", bool(max(silent) < 150)),
        Row("realtime, packets meanwhile at 60 fps", {"gap p99 ms": p99, "gap max ms": most}),
    ]


def _chat(folder: Path, library: Path) -> list[Row]:
    server, cards = ChatServer(), _cards(folder, library)
    server.pieces = ["Good day to you. ", "How may I help?"]
    guest = np.frombuffer(tone(1.0, 48_000), "<i2") / np.float32(32768)
    quiet = np.zeros(48_000, np.float32)
    mic = cards.add("mic", np.concatenate([quiet, guest, np.tile(quiet, 6)]), loop=True)
    speaker = cards.add("speaker")
    parts = [f"--set=conversation.chat.{part}.url={server.url}" for part in ("stt", "llm")]
    with Running(
        *_SETTINGS, "--set=conversation.brain=chat", "--set=codec.vad=level", *parts, log=folder / "log"
    ) as running:
        wait_until(lambda: len(server.requests("completions")) > TURNS // 2 or running.returncode is not None)
        time.sleep(3)
    server.close()
    first = []
    played = np.flatnonzero(np.abs(speaker.played()[:, 0]) > _LOUD) + round(mic.frame_at(0) - speaker.frame_at(0))
    for number in range(1_000):
        over = number * 8 * 48_000 + 2 * 48_000
        after = played[(played > over) & (played < over + 5 * 48_000)]
        if len(after):
            first.append((after[0] - over) / 48)
    return [Row("chat with espeak-ng, guest's end to first sound", _spread(first))]


def _cards(folder: Path, library: Path) -> SoundCards:
    folder.mkdir()
    cards = SoundCards(folder, library)
    os.environ["ALSA_CONFIG_PATH"] = str(cards.configuration)
    return cards


def _loud(speaker: SoundCard, since: float) -> np.ndarray:
    """Frames after ``since`` at which something is heard."""
    return np.flatnonzero(np.abs(speaker.played()[round(since) :, 0]) > _LOUD)


def _spread(values: list[float]) -> dict[str, float | str | None]:
    of: Callable[[float], float] = lambda percent: round(float(np.percentile(values, percent)), 1)  # noqa: E731
    return {"p50 ms": of(50), "max ms": of(100), "turns": len(values)}
