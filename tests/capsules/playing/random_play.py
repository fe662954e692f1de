"""Hours of random play in fast-forward: everything a person can ask for, a cache too small for the library, no rest.

Used by a test (minutes of it) and by the benchmark (a day). The clock is simulated; the loader and the side effects are
the real threads.
"""

from __future__ import annotations

import contextlib
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.capsules.fakes import RecordingSink
from tests.patience import PATIENCE_S
from visaged.capsules.errors import BusyError
from visaged.capsules.library.library import Library
from visaged.capsules.service import Capsules
from visaged.clock import NS_PER_S, now_ns
from visaged.curves import CURVES
from visaged.id_packet import IdPacket
from visaged.inference.memory import Slab

_TICK_NS = NS_PER_S // 60
_GAZE = ("Look", "EyeYaw", "EyePitch", "EyeRoll")
_SMOOTH = [index for index, name in enumerate(CURVES) if not any(part in name for part in _GAZE)]
# Clips that are being shown are compared with the library this often, in ticks.
_CHECK_EVERY = 30


@dataclass
class Outcome:
    """What was seen."""

    ticks: int = 0
    asked: int = 0
    busy: int = 0
    torn: int = 0
    """Clips that, while being shown, were not what the library holds."""
    over_cap: int = 0
    not_finite: int = 0
    largest_step: float = 0.0
    """Of any curve from tick to tick, without the gaze, which jumps as eyes do."""
    rss_start_kib: int = 0
    rss_end_kib: int = 0
    leased_at_end: int = 0
    figures: dict[str, float | int | str] | None = None


class RandomPlay:
    """One run; the same seed asks for the same things."""

    def __init__(self, slab: Slab, seed: int) -> None:
        self._generator = random.Random(seed)
        self.now = now_ns() - 100 * 3600 * NS_PER_S  # the side effects goes by the real clock: all is due
        self.capsules = Capsules(
            Path("/nonexistent"), slab, seed=seed, voice=RecordingSink(), clock=lambda: self.now, ttl_s=120
        )
        self.capsules.start()
        library: Library = self.capsules.library
        self._truth = {entry.sha256: library.read(entry).curves for entry in library.catalogue.entries.values()}
        self._cids = [entry.cid for entry in library.catalogue.entries.values()]
        self._tables = library.catalogue.tables
        self.outcome = Outcome()

    def run(self, seconds: float, warm_up_s: float = 60.0) -> Outcome:
        """Play for so many simulated seconds; memory is compared from the end of the warm-up on."""
        outcome, before = self.outcome, np.zeros(61, np.float32)
        pose = np.zeros(61, np.float32)
        for tick in range(round(seconds * 60)):
            if tick == round(warm_up_s * 60):
                outcome.rss_start_kib = _rss_kib()
            self.now += _TICK_NS
            if self._generator.random() < 0.04:
                self._ask()
            pose.fill(0)
            self.capsules.layer.apply(pose, self.now)
            outcome.not_finite += not np.isfinite(pose).all()
            outcome.largest_step = max(outcome.largest_step, float(np.abs(pose - before)[_SMOOTH].max()))
            before[:] = pose
            if tick % _CHECK_EVERY == 0:
                self._check()
        outcome.ticks += round(seconds * 60)
        outcome.rss_end_kib = _rss_kib()
        return outcome

    def finish(self) -> Outcome:
        """Let all end and stop the threads."""
        self.capsules.set_context("")
        self.capsules.stop_playing()
        pose = np.zeros(61, np.float32)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for _ in range(600):
                self.now += _TICK_NS
                self.capsules.layer.apply(pose, self.now)
            self.outcome.leased_at_end = self.capsules._clip_store.statistics().leased
            if self.outcome.leased_at_end == 1:  # the base loop's
                break
            time.sleep(0.01)
        self.outcome.figures = self.capsules.statistics()
        self.capsules.stop()
        return self.outcome

    def _ask(self) -> None:
        choice = self._generator.random()
        self.outcome.asked += 1
        with contextlib.suppress(BusyError):
            if choice < 0.70:
                played = self.capsules.play(self._generator.choice(self._cids), self._generator.uniform(0.1, 1.2))
                if played.state == "loading":
                    self._wait(played.cid)
            elif choice < 0.80:
                self.capsules.packet(IdPacket.model_validate(self._packet()))
            elif choice < 0.86:
                self.capsules.push_emotion(tuple(self._generator.uniform(-1, 1) for _ in range(3)))  # type: ignore[arg-type]
            elif choice < 0.90:
                self.capsules.set_context(self._generator.choice(["", *self._tables.contexts]))
            elif choice < 0.93:
                self.capsules.set_profile(self._generator.choice(["", *self._tables.profiles]))
            elif choice < 0.96:
                self.capsules.speech_onset(self.now)
            else:
                self.capsules.stop_playing(cid=self._generator.choice(self._cids))
            return
        self.outcome.busy += 1

    def _packet(self) -> dict[str, object]:
        cids = self._generator.sample(self._cids, 3)
        return {
            "video_blend": [{"cid": cid, "w": round(self._generator.uniform(0, 1.2), 2)} for cid in cids],
            "lead_lag_ms": {"hand": -50, "face": 0, "voice": 100},
        }

    def _wait(self, cid: str) -> None:
        """A load takes a millisecond, in which this clock would run far ahead."""
        key = self.capsules.library.entry(cid).sha256
        deadline = time.monotonic() + 0.05
        while key not in self.capsules._clip_store.cache and time.monotonic() < deadline:
            time.sleep(0.0005)

    def _check(self) -> None:
        for playing in self.capsules.layer._playing:
            curves, truth = playing.clip.curves, self._truth[playing.clip.key]
            if curves is None or truth is None or not np.array_equal(curves, truth):
                self.outcome.torn += 1
        cache = self.capsules._clip_store.statistics()
        self.outcome.over_cap += cache.used_bytes > cache.cap_bytes


def _rss_kib() -> int:
    with Path("/proc/self/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * 4
