from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visaged.control.mqtt.send_queue import Message, Outbox


def _event(number: int, size: int = 1) -> Message:
    return Message("event", f"e/{number}", b"x" * size)


def _drain(outbox: Outbox) -> list[str]:
    topics = []
    while (message := outbox.take()) is not None:
        topics.append(message.topic)
    return topics


def test_in_order() -> None:
    outbox = Outbox()
    for number in range(5):
        outbox.put(_event(number))
    assert _drain(outbox) == [f"e/{number}" for number in range(5)]


def test_when_full_the_oldest_goes_and_is_counted_by_kind() -> None:
    outbox = Outbox(max_messages=3)
    outbox.put(Message("response", "r", b""))
    for number in range(4):
        outbox.put(_event(number))
    assert _drain(outbox) == ["e/1", "e/2", "e/3"]
    assert outbox.dropped == {"response": 1, "event": 1}


def test_bytes_are_bounded_too() -> None:
    outbox = Outbox(max_bytes=100)
    for number in range(10):
        outbox.put(_event(number, 40))
    assert len(outbox) == 2


def test_a_retained_message_replaces_that_of_its_topic_and_is_never_dropped() -> None:
    outbox = Outbox(max_messages=2)
    outbox.put(Message("status", "s", b"old", retain=True))
    outbox.put(Message("status", "s", b"new", retain=True))
    for number in range(3):
        outbox.put(_event(number))
    assert _drain(outbox) == ["s", "e/2"]
    assert outbox.dropped == {"event": 2}


def test_what_was_flying_when_the_connection_broke_comes_first_again() -> None:
    outbox = Outbox()
    for number in range(4):
        outbox.put(_event(number))
    for mid in (7, 8, 9):
        message = outbox.take()
        assert message is not None
        outbox.sent(mid, message)
    assert outbox.acknowledged(8) is not None
    outbox.land()
    assert _drain(outbox) == ["e/0", "e/2", "e/3"]


def test_an_acknowledgement_of_something_else_is_nothing() -> None:
    assert Outbox().acknowledged(1) is None


def test_a_refused_message_counts_as_dropped() -> None:
    outbox = Outbox()
    outbox.put(_event(0))
    message = outbox.take()
    assert message is not None
    outbox.sent(1, message)
    outbox.acknowledged(1, refused=True)
    assert outbox.dropped == {"event": 1}
    assert len(outbox) == 0


@given(st.lists(st.sampled_from(["put", "retain", "take", "ack", "land"]), max_size=200))
def test_never_over_its_bounds_and_always_in_order(steps: list[str]) -> None:
    outbox = Outbox(max_messages=5, max_bytes=50)
    flying: list[int] = []
    for number, step in enumerate(steps):
        if step == "put":
            outbox.put(_event(number, 7))
        elif step == "retain":
            outbox.put(Message("health", "h", b"x", retain=True))
        elif step == "take" and (message := outbox.take()) is not None:
            outbox.sent(number, message)
            flying.append(number)
        elif step == "ack" and flying:
            outbox.acknowledged(flying.pop(0))
        elif step == "land":
            outbox.land()
            flying.clear()
        assert len(outbox) <= 5 + 1  # a retained one on top of a full queue of flying ones
    outbox.land()
    numbers = [int(topic[2:]) for topic in _drain(outbox) if topic.startswith("e/")]
    assert numbers == sorted(numbers)
