"""What stands in for threads and neighbours of the player: an side_effects that does things at once and remembers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from visaged.capsules.clip import Clip, mask_of
from visaged.capsules.file.capsule import Capsule, Pcm
from visaged.capsules.playing.active_clip import ClipRequest, new_ticket
from visaged.capsules.playing.emotion import Vector
from visaged.capsules.playing.emotion_blend import EmotionBlend
from visaged.capsules.playing.player import Player
from visaged.capsules.playing.side_effects import Notice, SideEffects
from visaged.clock import NS_PER_MS, TickSchedule
from visaged.curves import Pose

START_NS = 1_000_000_000


class RecordingOutbox(SideEffects):
    """Remembers instead of delivering."""

    def __init__(self) -> None:
        super().__init__("", lambda _clip: None)
        self.cues: list[tuple[str, float, int]] = []
        self.spoken: list[tuple[str, int]] = []
        self.hushed: list[tuple[int, int]] = []
        self.released: list[str] = []
        self.notices: list[Notice] = []

    def cue(self, clip: Clip, weight: float, time_ns: int) -> None:
        self.cues.append((clip.header.cid, weight, time_ns))

    def speak(self, clip: Clip, start_time_ns: int) -> None:
        self.spoken.append((clip.header.cid, start_time_ns))

    def hush(self, start_time_ns: int, fade_ms: int) -> None:
        self.hushed.append((start_time_ns, fade_ms))

    def release(self, clip: Clip) -> None:
        self.released.append(clip.key)

    def notify(self, notice: Notice) -> None:
        self.notices.append(notice)


class RecordingSink:
    """A VoiceSink that remembers."""

    def __init__(self) -> None:
        self.played: list[tuple[Pcm, int]] = []
        self.stopped: list[tuple[int, int]] = []

    def play(self, pcm: Pcm, start_time_ns: int) -> None:
        self.played.append((pcm.copy(), start_time_ns))

    def stop(self, start_time_ns: int, fade_ms: int) -> None:
        self.stopped.append((start_time_ns, fade_ms))


class Stage:
    """A player on a simulated 60 fps clock."""

    def __init__(self, seed: int = 1) -> None:
        self.side_effects = RecordingOutbox()
        self.asked: list[Vector] = []
        self.mood = EmotionBlend(self.asked.append, random.Random(seed))
        self.player = Player(self.side_effects, self.mood, random.Random(seed))
        self.schedule = TickSchedule(60, START_NS)  # type: ignore[arg-type]
        self.tick = 0

    @property
    def now_ns(self) -> int:
        """The time of the next tick."""
        return self.schedule.time_ns(self.tick)

    def step(self, under: Pose | None = None) -> Pose:
        """One tick on top of ``under``."""
        pose = np.zeros(61, np.float32) if under is None else under.copy()
        self.player.apply(pose, self.now_ns)
        self.tick += 1
        return pose

    def run(self, duration_ms: float, under: Pose | None = None) -> Pose:
        """Ticks for a time; float32 [ticks, 61]."""
        return np.array([self.step(under) for _ in range(round(duration_ms * 60 / 1000))])

    def play(self, *capsules: Capsule, **fields: Any) -> list[int]:
        """Ask for capsules together; their tickets."""
        asked = [request(one, **({"at_ns": self.now_ns} | fields)) for one in capsules]
        self.player.start(asked)
        return [one.ticket for one in asked]


def clip(capsule: Capsule) -> Clip:
    """A clip as the cache would lease it."""
    key = "" if capsule.curves is None else f"key of {capsule.header.cid}"
    return Clip(capsule.header, key, capsule.curves, mask_of(capsule), capsule.pcm)


def request(capsule: Capsule, **fields: Any) -> ClipRequest:
    """A request for it."""
    layer = "base" if capsule.header.loop else "line" if capsule.pcm is not None else capsule.header.layer
    return ClipRequest(**({"ticket": new_ticket(), "clip": clip(capsule), "layer": layer} | fields))


def ms(value: float) -> int:
    """ns of a time in ms."""
    return int(value * NS_PER_MS)
