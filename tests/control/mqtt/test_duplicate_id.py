from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from visaged.clock import NS_PER_S
from visaged.control.mqtt.duplicate_id import DuplicateIds


def status(session: str, state: str = "online") -> bytes:
    return json.dumps({"state": state, "session": session}).encode()


def test_one_foreign_session_is_this_box_before_its_restart() -> None:
    ids = DuplicateIds()
    ids.own("ours")
    for _ in range(5):
        ids.heard(status("before"), 0)
        ids.heard(status("ours"), 0)
        ids.heard(status("gone", "offline"), 0)
    assert not ids.suspected(0)
    assert ids.count == 5


def test_two_within_a_minute_are_somebody_and_it_is_over_a_minute_later() -> None:
    ids = DuplicateIds()
    ids.heard(status("a"), 0)
    ids.heard(status("b"), 50 * NS_PER_S)
    assert ids.suspected(55 * NS_PER_S)
    assert not ids.suspected(61 * NS_PER_S)
    ids.heard(status("c"), 70 * NS_PER_S)
    assert ids.suspected(70 * NS_PER_S)
    assert not ids.suspected(131 * NS_PER_S)


def test_a_flood_is_counted_and_not_kept() -> None:
    ids = DuplicateIds()
    for number in range(10_000):
        ids.heard(status(f"{number}" + "x" * 1000), number)
    assert ids.count == 10_000
    assert len(ids._seen) <= 8
    assert all(len(session) <= 64 for session in ids._seen)
    ids.heard(b"[" * 50_000, 0)
    ids.heard(status("x" * 5000), 0)
    assert ids.count == 10_000


@given(st.lists(st.binary() | st.text().map(status)))
def test_any_payload_is_taken_in(payloads: list[bytes]) -> None:
    ids = DuplicateIds()
    for payload in payloads:
        ids.heard(payload, 0)
    assert ids.count <= len(payloads)
