from __future__ import annotations

import pytest

from visaged.outputs.ifacialmocap.leases import LEASE_NS, SECRET, Leases

ASK = f"iFacialMocap_{SECRET}".encode()


def held(leases: Leases) -> list[tuple[str, int]]:
    return [(lease.host, lease.version) for lease in leases.held if lease is not None]


def test_who_asks_is_answered_until_the_time_is_over() -> None:
    leases = Leases(2)
    assert leases.ask(ASK, "192.168.1.5", 0) == "new"
    assert leases.ask(ASK + b"|sendDataVersion=v2", "192.168.1.6", 0) == "new"
    assert held(leases) == [("192.168.1.5", 1), ("192.168.1.6", 2)]
    assert leases.ask(ASK, "192.168.1.5", 10) == "again"
    leases.expire(LEASE_NS)
    assert held(leases) == [("192.168.1.5", 1)]
    leases.expire(LEASE_NS + 10)
    assert held(leases) == []


def test_stop_ends_it_at_once() -> None:
    leases = Leases(2)
    leases.ask(ASK, "192.168.1.5", 0)
    assert leases.ask(f"iFacialMocap_UDPTCPSTOP_{SECRET}".encode(), "192.168.1.5", 1) == "stop"
    assert held(leases) == []


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "224.0.0.1", "255.255.255.255", "0.0.0.0", "2001:4860:4860::8888", "not an address"]
)
def test_strangers_are_not_answered(host: str) -> None:
    leases = Leases(2)
    assert leases.ask(ASK, host, 0) == "stranger"
    assert held(leases) == []


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"iFacialMocap_",
        ASK + b"x",
        ASK + b"|sendDataVersion=v3",
        ASK * 50,
        b"\xff" * 60,
        f"iFacialMocap_UDPTCP_{SECRET}".encode(),
    ],
)
def test_other_datagrams_are_no_requests(datagram: bytes) -> None:
    assert Leases(2).ask(datagram, "192.168.1.5", 0) == "not understood"


def test_ten_thousand_forged_addresses_fill_the_places_and_no_more() -> None:
    leases = Leases(8)
    answers = [leases.ask(ASK, f"10.0.{number // 250}.{number % 250 + 1}", number) for number in range(10_000)]
    assert answers.count("new") == 8
    assert answers.count("full") == 10_000 - 8
    assert len(held(leases)) == 8
