"""A recorded guest, a brain on a socket, packets and the samples at the speaker: a daemon of its own process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.conversation.brains.realtime_server import RealtimeServer
from tests.devices.card import SoundCard, SoundCards
from tests.patience import wait_until
from tests.running import Running
from visaged import samples

SETTINGS = (
    "--set=device.mode=converse",
    "--set=conversation.brain=realtime",
    "--set=animation.idle=false",
    "--set=runtime.realtime_priority=0",
    "--set=audio.output.backend=alsa",
    "--set=audio.output.device=speaker",
    "--set=codec.echo=none",
    "--solver=energy",
)
JAW = "JawOpen"
SECONDS = 3.0


@pytest.fixture
def server() -> Iterator[RealtimeServer]:
    server = RealtimeServer()
    yield server
    server.close()
    assert server.faults == []


def recorded() -> np.ndarray:
    """Two quiet seconds, three of a person who speaks, and ten quiet ones: float32, 48 kHz."""
    voice, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
    spoken = soxr.resample(voice[: 3 * rate_hz], rate_hz, 48_000)
    quiet = np.zeros(48_000, np.float32)
    return np.concatenate([np.tile(quiet, 2), spoken, np.tile(quiet, 10)])


def test_a_recorded_guest_is_answered_in_packets_and_at_the_speaker(
    server: RealtimeServer, sound_cards: SoundCards, tmp_path: Path
) -> None:
    sound_cards.add("mic", recorded(), loop=True)
    speaker = sound_cards.add("speaker")
    # The box finds the turn itself: the answer is asked for when the guest has paused.
    server.on["response.create"] = lambda event: (server.on.clear(), server.answer(SECONDS))[1]
    settings = (*SETTINGS, "--set=conversation.turn=pause", f"--set=conversation.url={server.url}")
    with Running(*settings, "--input=mic", log=tmp_path / "log") as running:
        running.wait_for(lambda: running.curve(JAW, 30).max(initial=0) > 0.1, "the mouth to open")
        running.wait_for(lambda: running.curve(JAW, 30).max() < 0.03, "the mouth to close")
        assert running.stop() == 0
    heard = np.frombuffer(server.sound(), "<i2")
    assert len(heard) > 24_000, "the guest's words"
    played = speaker.played()[:, 0]
    blocks = np.abs(played[: len(played) // 480 * 480].reshape(-1, 480)).max(axis=1) > 0.05
    # A machine that stalls for longer than the speaker holds back makes a gap: it is not counted.
    assert np.count_nonzero(blocks) / 100 == pytest.approx(SECONDS, abs=0.4), "the whole answer, and once"
    pitch_hz = np.abs(np.fft.rfft(played)).argmax() * 48_000 / len(played)
    assert pitch_hz == pytest.approx(307, abs=3)
    assert running.largest_step() < 0.5, "no curve jumps"
    assert "Traceback" not in running.log


def test_an_interrupted_answer_is_silent_at_the_speaker_and_the_brain_knows_how_much_was_played(
    server: RealtimeServer, sound_cards: SoundCards, tmp_path: Path
) -> None:
    sound_cards.add("mic", np.zeros(48_000, np.float32), loop=True)
    speaker = sound_cards.add("speaker")
    with Running(*SETTINGS, f"--set=conversation.url={server.url}", "--input=mic", log=tmp_path / "log") as running:
        server.until("session.update")
        server.until("input_audio_buffer.append", 10)
        # Where the machine stalls for longer than the speaker holds back, sound is played twice: then once more.
        off_ms = [_cut_off_ms(server, speaker, running, number) for number in range(3)]
    assert min(off_ms) < 40, "two blocks of the output: one fades, one is on its way"


def _cut_off_ms(server: RealtimeServer, speaker: SoundCard, running: Running, number: int) -> float:
    """By how much what the brain is told of an interrupted answer differs from what was played of it."""
    before = len(speaker.played())
    server.answer(60.0, f"r{number}", f"i{number}")

    def loud() -> np.ndarray:
        return np.flatnonzero(np.abs(speaker.played()[before:, 0]) > 0.02)

    running.wait_for(lambda: len(loud()) > 48_000, "a second at the speaker")
    server.guest_begins()
    told_ms = server.until("conversation.item.truncate", number + 1)["audio_end_ms"]
    running.wait_for(lambda: running.curve(JAW, 30).max() < 0.03, "the mouth to close")
    wait_until(lambda: np.abs(speaker.played()[-24_000:]).max() < 0.002, "silence")
    return abs(told_ms - (loud()[-1] - loud()[0]) / 48)
