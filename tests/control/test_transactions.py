from __future__ import annotations

from visaged.clock import NS_PER_S
from visaged.control.transactions import MAX_BYTES, MAX_ENTRIES, MAX_WAITING, Transactions


def _ignore(answer: bytes) -> None:
    pass


def test_an_answer_is_remembered_for_a_minute() -> None:
    memory = Transactions()
    assert memory.begin(("ping", "1"), b"d", _ignore, 0) is None
    memory.finish(("ping", "1"), b"answer")
    assert memory.begin(("ping", "1"), b"d", _ignore, 60 * NS_PER_S) == b"answer"
    assert memory.begin(("ping", "1"), b"d", _ignore, 61 * NS_PER_S) is None


def test_the_same_transaction_of_another_command_is_another_request() -> None:
    memory = Transactions()
    assert memory.begin(("ping", "1"), b"d", _ignore, 0) is None
    assert memory.begin(("restart", "1"), b"d", _ignore, 0) is None


def test_the_number_remembered_is_bounded() -> None:
    memory = Transactions()
    for number in range(MAX_ENTRIES + 500):
        memory.begin(("ping", str(number)), b"d", _ignore, 0)
        memory.finish(("ping", str(number)), b"answer")
    assert len(memory) <= MAX_ENTRIES


def test_the_bytes_remembered_are_bounded_even_while_a_slow_command_is_the_oldest() -> None:
    memory = Transactions()
    memory.begin(("selftest", "slow"), b"d", _ignore, 0)
    large = bytes(MAX_BYTES // 8)
    for number in range(100):
        memory.begin(("snapshot", str(number)), b"d", _ignore, 0)
        memory.finish(("snapshot", str(number)), large)
    assert len(memory) <= 12
    assert memory.begin(("selftest", "slow"), b"d", _ignore, 0) is True


def test_who_waits_is_given_back_once_and_not_without_bound() -> None:
    memory = Transactions()
    memory.begin(("selftest", "1"), b"d", _ignore, 0)
    for _ in range(MAX_WAITING):
        assert memory.begin(("selftest", "1"), b"d", _ignore, 0) is True
    assert memory.begin(("selftest", "1"), b"d", _ignore, 0) is False
    assert len(memory.finish(("selftest", "1"), b"answer")) == MAX_WAITING


def test_what_was_not_carried_out_may_come_again() -> None:
    memory = Transactions()
    memory.begin(("selftest", "1"), b"d", _ignore, 0)
    memory.forget(("selftest", "1"))
    assert memory.begin(("selftest", "1"), b"d", _ignore, 0) is None
