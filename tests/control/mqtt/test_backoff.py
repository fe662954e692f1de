from __future__ import annotations

import random

from visaged.control.mqtt.backoff import FIRST_S, LONGEST_S, Backoff


def test_waits_double_up_to_the_longest_and_are_spread() -> None:
    for seed in range(50):
        backoff = Backoff(random.Random(seed))
        waits = [backoff.wait_s() for _ in range(12)]
        assert FIRST_S / 2 <= waits[0] <= FIRST_S
        assert all(LONGEST_S / 2 <= wait <= LONGEST_S for wait in waits[4:])
    assert len({Backoff(random.Random(seed)).wait_s() for seed in range(50)}) == 50


def test_reset_begins_small_again() -> None:
    backoff = Backoff(random.Random(1))
    for _ in range(9):
        backoff.wait_s()
    backoff.reset()
    assert backoff.wait_s() <= FIRST_S
