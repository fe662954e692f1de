from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.animation.rendering import pose_of
from visaged.animation.curve_override import EASE_MS, CurveOverride
from visaged.clock import NS_PER_MS
from visaged.curves import INDEX

JAW, SMILE = INDEX["JawOpen"], INDEX["MouthSmileLeft"]
STEP_MS = 10


class Clocked:
    """Held curves over a face with JawOpen 0.1, ticked every 10 ms."""

    def __init__(self) -> None:
        self.override = CurveOverride()
        self._time_ms = 5_000_000

    def run(self, duration_ms: int) -> NDArray[np.float32]:
        """JawOpen over the next ``duration_ms``."""
        seen = []
        for _ in range(duration_ms // STEP_MS):
            self._time_ms += STEP_MS
            self.pose = pose_of(JawOpen=0.1)
            self.override.apply(self.pose, self._time_ms * NS_PER_MS)
            seen.append(self.pose[JAW])
        return np.array(seen, np.float32)


def test_nothing_held_changes_nothing() -> None:
    clocked = Clocked()
    assert np.all(clocked.run(100) == np.float32(0.1))


def test_a_curve_eases_in_is_held_for_its_duration_and_eases_out() -> None:
    clocked = Clocked()
    clocked.run(50)
    clocked.override.hold({"JawOpen": 0.9}, duration_ms=1000)
    jaw = clocked.run(1500)
    assert np.abs(np.diff(jaw)).max() <= 0.8 * STEP_MS / EASE_MS + 1e-4
    assert np.all(jaw[20:99] == np.float32(0.9))
    assert jaw[99] >= jaw[105] >= jaw[115]
    assert jaw[-1] == np.float32(0.1)


def test_without_a_duration_it_is_held_until_released() -> None:
    clocked = Clocked()
    clocked.override.hold({"JawOpen": 0.9, "MouthSmileLeft": 0.5})
    assert clocked.run(60_000)[-1] == np.float32(0.9)
    clocked.override.release(["jaw"])
    assert clocked.run(300)[-1] == np.float32(0.1)
    assert clocked.pose[SMILE] == np.float32(0.5)
    clocked.override.release()
    clocked.run(300)
    assert np.array_equal(clocked.pose, pose_of(JawOpen=0.1))


def test_a_new_value_for_a_held_curve_is_a_movement_too() -> None:
    clocked = Clocked()
    clocked.override.hold({"JawOpen": 0.9})
    clocked.run(300)
    clocked.override.hold({"JawOpen": 0.2})
    jaw = clocked.run(300)
    assert np.abs(np.diff(jaw, prepend=np.float32(0.9))).max() <= STEP_MS / EASE_MS + 1e-4
    assert jaw[-1] == pytest.approx(0.2)


def test_held_again_while_it_goes() -> None:
    clocked = Clocked()
    clocked.override.hold({"JawOpen": 0.9})
    clocked.run(300)
    clocked.override.release()
    clocked.run(50)
    clocked.override.hold({"JawOpen": 0.9}, duration_ms=500)
    assert clocked.run(300)[-1] == np.float32(0.9)


@pytest.mark.parametrize(
    ("values", "duration_ms", "error", "says"),
    [
        ({"JawOpne": 0.5}, None, KeyError, "JawOpne"),
        ({"jaw": 0.5}, None, KeyError, "jaw"),
        ({"MouthFunnel": 0.5, "JawOpen": 1.2}, None, ValueError, "JawOpen = 1.2: expected a number from 0 to 1"),
        ({"HeadYaw": -1.2}, None, ValueError, "from -1 to 1"),
        ({"JawOpen": math.nan}, None, ValueError, "JawOpen = nan"),
        ({"JawOpen": 0.5}, 0.0, ValueError, "duration_ms = 0"),
        ({"JawOpen": 0.5}, math.nan, ValueError, "duration_ms = nan"),
    ],
)
def test_bad_commands_are_refused_whole(
    values: dict[str, float], duration_ms: float | None, error: type[Exception], says: str
) -> None:
    clocked = Clocked()
    with pytest.raises(error, match=says):
        clocked.override.hold(values, duration_ms)
    clocked.run(300)
    assert np.array_equal(clocked.pose, pose_of(JawOpen=0.1))


def test_releasing_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        CurveOverride().release(["nonsense"])
