from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.patience import wait_until
from visaged.animation.animator import Animator
from visaged.animation.stage import LEAD_MS, AnimatorStage
from visaged.audio.errors import FileUnusable
from visaged.audio.file_reader import read_all
from visaged.audio.ring import AudioRing
from visaged.clock import NS_PER_MS, RATE_HZ, TickSchedule, Timeline
from visaged.config import Settings
from visaged.curves import INDEX, REGIONS
from visaged.face.energy import EnergySolver
from visaged.face.latency_budget import budget_ns
from visaged.face.prosody import ProsodyGains, ProsodySolver
from visaged.face.solver import HOP
from visaged.face.stage import SolverStage
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.render.offline import OfflineError, render
from visaged.samples import speech_path
from visaged.track import FaceTrack

JAW = INDEX["JawOpen"]
# The default of audio.input.block_ms.
BLOCK = 480


def settings(fps: Fraction = Fraction(60), idle: bool = True, solver: str = "energy", seed: int = 5) -> Settings:
    return Settings.model_validate(
        {
            "face": {"solver": solver},
            "animation": {"seed": seed, "idle": idle},
            "livelink": {"fps": fps},
        }
    )


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of the bundled speech."""
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    soundfile.write(path, read_all(speech_path())[: 6 * RATE_HZ + 123], RATE_HZ, subtype="FLOAT")
    return path


class Frames:
    def __init__(self) -> None:
        self.poses: list[NDArray[np.float32]] = []

    def publish(self, tick: int, pose: NDArray[np.float32], media_time_ns: int) -> None:
        self.poses.append(pose.copy())


def live(path: Path, wanted: Settings, ticks: int) -> NDArray[np.float32]:
    """The same through the daemon's stages: the solver on its own thread, sound from the ring, another clock."""
    sound = read_all(path)
    ring, track, timeline, frames, metrics, problems = (
        AudioRing(), FaceTrack(), Timeline(), Frames(), Metrics(), Problems(),
    )  # fmt: skip
    animator = Animator(wanted.face, wanted.animation, metrics, problems.open)
    solver = ProsodySolver(EnergySolver(40), ProsodyGains(1.0, 1.0), animator.request_blink)
    hearing = SolverStage(ring, track, solver=solver, fallback=solver, metrics=metrics, problems=problems)
    showing = AnimatorStage(animator, track, timeline, frames, metrics=metrics, realtime_priority=0)
    showing.budget_ns = budget_ns(40, HOP, BLOCK, 0.0, LEAD_MS)
    started_ns = 777_000_000_123
    timeline.restart(0, started_ns)
    schedule = TickSchedule(wanted.livelink.fps, started_ns + showing.budget_ns)
    hearing.start()
    try:
        for tick in range(ticks):
            due_ns = schedule.time_ns(tick)
            heard = timeline.index_at(due_ns - LEAD_MS * NS_PER_MS)
            assert heard is not None
            while ring.end + BLOCK <= heard:
                block = np.zeros(BLOCK, np.float32)
                part = sound[ring.end : ring.end + BLOCK]
                block[: len(part)] = part
                ring.write(block)
                wait_until(lambda: track.count == ring.end // HOP, look_s=0.0001)
            showing.render(tick, due_ns)
    finally:
        hearing.stop()
    return np.stack(frames.poses)


@pytest.mark.parametrize("fps", [Fraction(60), Fraction(30000, 1001)])
def test_it_is_what_a_live_run_shows(speech: Path, fps: Fraction) -> None:
    recording = render(speech, settings(fps), [])
    shown = live(speech, settings(fps), len(recording.curves))
    assert np.abs(recording.curves - shown).max() < 1e-5
    assert recording.curves[:, JAW].max() > 0.15
    assert recording.curves[:, INDEX["EyeBlinkLeft"]].max() > 0.3


def test_frame_k_belongs_to_the_sound_at_k_over_fps(tmp_path: Path) -> None:
    """A burst of voice in the middle: its movement is centred on it."""
    path, time_s = tmp_path / "burst.wav", np.arange(4 * RATE_HZ) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * 120 * k * time_s) / k for k in range(1, 30))
    voice[(time_s < 1.8) | (time_s > 2.2)] = 0
    soundfile.write(path, 0.2 * voice, RATE_HZ)
    recording = render(path, settings(Fraction(60), idle=False), [])
    assert len(recording.curves) == 240
    jaw = recording.curves[:, JAW]
    assert np.average(np.arange(240) / 60, weights=jaw) == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize(("fps", "frames"), [(Fraction(24), 145), (Fraction(60), 361), (Fraction(30000, 1001), 180)])
def test_there_are_as_many_frames_as_the_sound_lasts(speech: Path, fps: Fraction, frames: int) -> None:
    recording = render(speech, settings(fps), [])
    assert recording.fps == fps
    assert len(recording.curves) == frames


def test_the_seed_makes_the_idle_life_and_nothing_else(speech: Path) -> None:
    first, again, other = (render(speech, settings(seed=seed), []).curves for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    alone = [render(speech, settings(seed=seed, idle=False), []).curves for seed in (1, 2)]
    assert np.array_equal(*alone)
    # Without idle life nobody blinks.
    assert np.abs(alone[0][:, list(REGIONS["eyes"])]).max() == 0


def test_progress_is_told_in_seconds_of_sound(speech: Path) -> None:
    told: list[float] = []
    render(speech, settings(), [], told.append)
    assert told == sorted(told)
    assert told[0] == 0.5
    assert told[-1] == 6.0


def test_a_missing_model_is_not_replaced_in_silence(speech: Path, tmp_path: Path) -> None:
    with pytest.raises(OfflineError, match=r"solver 'lipsync'.*--solver energy"):
        render(speech, settings(solver="lipsync"), [tmp_path])


def test_a_sound_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(b"RIFF, or so it says")
    with pytest.raises(FileUnusable, match=r"noise\.wav"):
        render(path, settings(), [])
