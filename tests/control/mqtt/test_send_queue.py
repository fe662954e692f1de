from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visaged.control.mqtt.send_queue import OutgoingMessage, SendQueue


def _event(number: int, size: int = 1) -> OutgoingMessage:
    return OutgoingMessage("event", f"e/{number}", b"x" * size)


def _drain(send_queue: SendQueue) -> list[str]:
    topics = []
    while (message := send_queue.take()) is not None:
        topics.append(message.topic)
    return topics


def test_in_order() -> None:
    send_queue = SendQueue()
    for number in range(5):
        send_queue.put(_event(number))
    assert _drain(send_queue) == [f"e/{number}" for number in range(5)]


def test_when_full_the_oldest_goes_and_is_counted_by_kind() -> None:
    send_queue = SendQueue(max_messages=3)
    send_queue.put(OutgoingMessage("response", "r", b""))
    for number in range(4):
        send_queue.put(_event(number))
    assert _drain(send_queue) == ["e/1", "e/2", "e/3"]
    assert send_queue.dropped == {"response": 1, "event": 1}


def test_bytes_are_bounded_too() -> None:
    send_queue = SendQueue(max_bytes=100)
    for number in range(10):
        send_queue.put(_event(number, 40))
    assert len(send_queue) == 2


def test_a_retained_message_replaces_that_of_its_topic_and_is_never_dropped() -> None:
    send_queue = SendQueue(max_messages=2)
    send_queue.put(OutgoingMessage("status", "s", b"old", retain=True))
    send_queue.put(OutgoingMessage("status", "s", b"new", retain=True))
    for number in range(3):
        send_queue.put(_event(number))
    assert _drain(send_queue) == ["s", "e/2"]
    assert send_queue.dropped == {"event": 2}


def test_what_was_flying_when_the_connection_broke_comes_first_again() -> None:
    send_queue = SendQueue()
    for number in range(4):
        send_queue.put(_event(number))
    for mid in (7, 8, 9):
        message = send_queue.take()
        assert message is not None
        send_queue.sent(mid, message)
    assert send_queue.acknowledged(8) is not None
    send_queue.land()
    assert _drain(send_queue) == ["e/0", "e/2", "e/3"]


def test_an_acknowledgement_of_something_else_is_nothing() -> None:
    assert SendQueue().acknowledged(1) is None


def test_a_refused_message_counts_as_dropped() -> None:
    send_queue = SendQueue()
    send_queue.put(_event(0))
    message = send_queue.take()
    assert message is not None
    send_queue.sent(1, message)
    send_queue.acknowledged(1, refused=True)
    assert send_queue.dropped == {"event": 1}
    assert len(send_queue) == 0


@given(st.lists(st.sampled_from(["put", "retain", "take", "ack", "land"]), max_size=200))
def test_never_over_its_bounds_and_always_in_order(steps: list[str]) -> None:
    send_queue = SendQueue(max_messages=5, max_bytes=50)
    flying: list[int] = []
    for number, step in enumerate(steps):
        if step == "put":
            send_queue.put(_event(number, 7))
        elif step == "retain":
            send_queue.put(OutgoingMessage("health", "h", b"x", retain=True))
        elif step == "take" and (message := send_queue.take()) is not None:
            send_queue.sent(number, message)
            flying.append(number)
        elif step == "ack" and flying:
            send_queue.acknowledged(flying.pop(0))
        elif step == "land":
            send_queue.land()
            flying.clear()
        assert len(send_queue) <= 5 + 1  # a retained one on top of a full queue of flying ones
    send_queue.land()
    numbers = [int(topic[2:]) for topic in _drain(send_queue) if topic.startswith("e/")]
    assert numbers == sorted(numbers)
