from __future__ import annotations

import numpy as np
import pytest

from visaged.animation.animator import Animator
from visaged.animation.history import PoseHistory
from visaged.animation.stage import AnimatorStage
from visaged.clock import NS_PER_MS, NS_PER_S, RATE_HZ, Timeline
from visaged.config.schema import AnimationSettings, FaceSettings
from visaged.curves import Pose, neutral
from visaged.metrics import Metrics
from visaged.track import FaceTrack

START_NS = 10 * NS_PER_S
BUDGET_NS = 70 * NS_PER_MS
HOP = 800
SAMPLE_NS = NS_PER_S / RATE_HZ


class Shown:
    """What was shown at each tick: the media time."""

    def __init__(self) -> None:
        self.media_ns: list[int] = []

    def publish(self, tick: int, pose: Pose, media_time_ns: int) -> None:
        self.media_ns.append(media_time_ns)


class Talk:
    """A voice without end whose poses come in time, shown at 60 fps by a clock of our own."""

    def __init__(self) -> None:
        metrics, timeline = Metrics(), Timeline()
        timeline.restart(0, START_NS)
        self.track = FaceTrack()
        self.shown = Shown()
        animator = Animator(FaceSettings(), AnimationSettings(seed=1), metrics, lambda *_: None)
        self.stage = AnimatorStage(animator, self.track, timeline, self.shown, metrics=metrics, realtime_priority=0)
        self.stage.budget_ns = BUDGET_NS
        self.tick = 180
        for frame in range(self.tick):
            self.track.append(frame * HOP, neutral())

    def show(self, ticks: int) -> list[float]:
        """How late each of the next ticks shows the voice, ms."""
        late = []
        for _ in range(ticks):
            self.track.append(self.tick * HOP, neutral())
            due_ns = START_NS + round(self.tick * HOP * SAMPLE_NS)
            self.stage.render(self.tick, due_ns)
            late.append((due_ns - self.shown.media_ns[-1]) / NS_PER_MS)
            self.tick += 1
        return late


def test_a_delay_set_at_the_start_is_there_from_the_first_tick_on() -> None:
    talk = Talk()
    talk.stage.delay_ns = 2000 * NS_PER_MS
    assert talk.show(60) == pytest.approx([2070.0] * 60, abs=0.01)


@pytest.mark.parametrize(("before", "after"), [(0, 200), (200, 0), (100, 150), (1, 0)])
def test_another_delay_is_gone_to_without_a_jump_and_then_kept(before: int, after: int) -> None:
    talk = Talk()
    talk.stage.delay_ns = before * NS_PER_MS
    late = talk.show(2)
    talk.stage.delay_ns = after * NS_PER_MS
    late += talk.show(60)
    assert late[1] == pytest.approx(70 + before, abs=0.01)
    assert late[-1] == pytest.approx(70 + after, abs=0.01)
    # A quarter of a frame's 16.7 ms per frame: the voice is shown at 0.75 to 1.25 times its speed.
    assert np.abs(np.diff(late)).max() <= 4.17
    assert (np.diff(late) * np.sign(after - before) >= -0.01).all(), "it never goes back"


def test_the_longest_delay_and_a_solver_that_works_in_batches_fit_into_the_track() -> None:
    talk = Talk()
    for ahead in range(talk.tick, talk.tick + 48):
        talk.track.append(ahead * HOP, neutral())
    talk.stage.delay_ns = 2000 * NS_PER_MS
    assert talk.show(60) == pytest.approx([2070.0] * 60, abs=0.01)


def _history(count: int) -> PoseHistory:
    history = PoseHistory()
    for number in range(count):
        history.add(np.full(61, number, np.float32), 1000 * number)
    return history


def test_the_newest_come_oldest_first() -> None:
    assert _history(10).newest(3)[:, 0].tolist() == [7, 8, 9]
    assert _history(2).newest(3)[:, 0].tolist() == [0, 1]
    assert len(_history(5000).newest(5000)) == 600


def test_a_reader_goes_on_where_it_was() -> None:
    history = _history(10)
    poses = history.since(4)
    assert (poses.end, poses.lost, poses.due_ns.tolist()) == (10, 0, [4000, 5000, 6000, 7000, 8000, 9000])
    assert len(history.since(poses.end).curves) == 0


def test_what_was_overwritten_is_counted() -> None:
    poses = _history(2000).since(100)
    assert (poses.lost, len(poses.curves), poses.end) == (1300, 600, 2000)
