from __future__ import annotations

import itertools

from visaged.clock import NS_PER_MS
from visaged.codec.peer.impairment import BadNetwork, Impairment


def carry(impairment: Impairment, count: int = 2000, seed: int = 3) -> list[tuple[int, int]]:
    """(number of the message, ms it took) in the order in which they come; one is sent every 80 ms."""
    network = BadNetwork(impairment, seed)
    for number in range(count):
        network.send(number.to_bytes(4, "big"), number * 80 * NS_PER_MS)
    came = []
    while (when := network.next_ns()) is not None:
        for data in network.arrived(when):
            number = int.from_bytes(data, "big")
            came.append((number, when // NS_PER_MS - number * 80))
    return came


def test_a_good_network_changes_nothing() -> None:
    assert carry(Impairment()) == [(number, 0) for number in range(2000)]


def test_each_evil_is_as_bad_as_asked_for() -> None:
    assert 1850 < len(carry(Impairment(loss=0.05))) < 1950
    delays = [delay for _, delay in carry(Impairment(jitter_ms=30))]
    assert 0 <= min(delays) < 2
    assert 28 <= max(delays) <= 30
    assert 2150 < len(carry(Impairment(duplicate=0.1))) < 2250
    numbers = [number for number, _ in carry(Impairment(reorder=0.1))]
    overtaken = sum(later < earlier for earlier, later in itertools.pairwise(numbers))
    assert 130 < overtaken < 250


def test_the_same_seed_is_the_same_network() -> None:
    bad = Impairment(0.1, 30, 0.1, 0.1)
    assert carry(bad) == carry(bad)
    assert carry(bad) != carry(bad, seed=4)
