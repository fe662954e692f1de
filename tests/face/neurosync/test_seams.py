from __future__ import annotations

import numpy as np

from visaged.face.neurosync.seams import Seams


def window(value: float) -> np.ndarray:
    return np.full((128, 2), value, np.float32)


def shown(seams: Seams, count: int) -> list[float]:
    return [float(seams.frame(number)[0]) for number in range(count)]


def test_a_new_window_fades_in_over_what_the_one_before_foresaw() -> None:
    seams = Seams(2)
    seams.add(window(1), 6, 3)
    assert shown(seams, 3) == [1, 1, 1]
    seams.add(window(5), 12, 3)
    assert shown(seams, 9) == [1, 1, 1, 2, 3, 4, 5, 5, 5]


def test_windows_that_agree_leave_no_trace_of_seams() -> None:
    truth = np.sin(np.arange(400) / 9).astype(np.float32)[:, None].repeat(2, axis=1)
    seams = Seams(2)
    for end in range(128, 400, 7):
        seams.add(truth[end - 128 : end], end, 3)
    assert seams.ready >= 390
    got = np.array([seams.frame(number) for number in range(200, seams.ready)])
    assert np.abs(got - truth[200 : seams.ready]).max() < 1e-6


def test_frames_that_are_not_there_yet_are_the_newest_before_them() -> None:
    seams = Seams(2)
    assert shown(seams, 2) == [0, 0]
    seams.add(window(3), 6, 3)
    assert shown(seams, 9) == [3] * 9


def test_after_a_gap_longer_than_a_window_it_goes_on() -> None:
    seams = Seams(2)
    seams.add(window(1), 6, 3)
    seams.add(window(2), 500, 3)
    assert seams.ready == 497
    assert float(seams.frame(400)[0]) == 2


def test_a_window_with_nothing_new_changes_nothing() -> None:
    seams = Seams(2)
    seams.add(window(1), 20, 3)
    assert len(seams.add(window(9), 20, 3)) == 0
    assert shown(seams, 17) == [1] * 17


def test_what_was_new_is_told_unblended() -> None:
    seams = Seams(2)
    assert len(seams.add(window(1), 10, 3)) == 7
    new = seams.add(window(5), 16, 3)
    assert new.tolist() == [[5, 5]] * 6
