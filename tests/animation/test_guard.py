from __future__ import annotations

import numpy as np
import pytest

from tests.animation.rendering import Reports, pose_of
from visaged.animation.guard import GuardedLayer
from visaged.curves import INDEX, Pose
from visaged.metrics import Metrics


class Scripted:
    """Writes one value after the other into JawOpen; an exception in the list is raised instead."""

    def __init__(self, *values: float | Exception) -> None:
        self.values = list(values)
        self.calls = 0

    def apply(self, pose: Pose, time_ns: int) -> None:
        value = self.values[self.calls]
        self.calls += 1
        pose[INDEX["JawOpen"]] = 0.9
        if isinstance(value, Exception):
            raise value
        pose[INDEX["JawOpen"]] = value


def test_a_layer_that_raises_is_undone_reported_once_and_never_called_again() -> None:
    metrics, reports, layer = Metrics(), Reports(), Scripted(0.5, RuntimeError("boom"), 0.5)
    guarded = GuardedLayer("capsules", layer, metrics, reports)
    pose = pose_of(JawOpen=0.1)
    assert guarded.apply(pose, 0)
    assert pose[INDEX["JawOpen"]] == 0.5
    pose = pose_of(JawOpen=0.1)
    assert not guarded.apply(pose, 1)
    assert np.array_equal(pose, pose_of(JawOpen=0.1))
    assert guarded.apply(pose, 2)
    assert layer.calls == 2
    assert guarded.failed
    assert reports.codes == ["animation_layer_failed"]
    assert metrics.counter("animation.layers_failed").value == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_undone_and_counted(bad: float) -> None:
    metrics, reports = Metrics(), Reports()
    guarded = GuardedLayer("capsules", Scripted(bad, 0.5), metrics, reports)
    pose = pose_of(MouthFunnel=0.1)
    assert not guarded.apply(pose, 0)
    assert np.array_equal(pose, pose_of(MouthFunnel=0.1))
    assert guarded.apply(pose, 1)
    assert pose[INDEX["JawOpen"]] == 0.5
    assert metrics.counter("animation.not_finite").value == 1
    assert reports.codes == []
