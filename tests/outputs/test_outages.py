from __future__ import annotations

import errno

import pytest

from tests.outputs.boards import destinations_of, make_board
from visaged.clock import NS_PER_S
from visaged.outputs.board import TargetCell
from visaged.outputs.outages import Outages
from visaged.problems import Problems


class Rig:
    def __init__(self) -> None:
        self.board, self.problems = make_board(), Problems()
        self.failing: list[int] = []
        self.said: list[tuple[str, bool]] = []
        self.problems.listen(lambda problem, is_open: self.said.append((problem.message, is_open)))
        self.outages = Outages(self.board, destinations_of("a:1", "b:2"), self.problems, self.failing.append)
        self.now_ns = 0

    def fail(self, number: int, count: int, reason: int = errno.ECONNREFUSED) -> None:
        self.board.cells[self.board.target_cell(number, TargetCell.ERRORS)] += count
        self.board.cells[self.board.target_cell(number, TargetCell.ERRNO)] = reason
        self.pass_time(0.5)

    def pass_time(self, seconds: float) -> None:
        self.now_ns += int(seconds * NS_PER_S)
        self.outages.check(self.now_ns)


def test_an_outage_is_said_once_and_its_end_once() -> None:
    rig = Rig()
    for _ in range(20):
        rig.fail(1, 30)
    rig.pass_time(9)
    assert len(rig.said) == 1
    rig.pass_time(2)
    rig.pass_time(2)
    assert [is_open for _, is_open in rig.said] == [True, False]
    assert "b:2" in rig.said[0][0]
    assert rig.failing == [1] * 20


def test_one_lost_packet_is_no_outage() -> None:
    rig = Rig()
    for _ in range(5):
        rig.fail(0, 1, errno.EAGAIN)
        rig.pass_time(11)
    assert rig.said == []


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (errno.ECONNREFUSED, "nobody listens"),
        (errno.ENETUNREACH, "unreachable"),
        (errno.EHOSTUNREACH, "No route"),
        (errno.EAGAIN, "does not keep up"),
    ],
)
def test_the_word_fits_the_failure(reason: int, word: str) -> None:
    rig = Rig()
    rig.fail(0, 5, reason)
    (problem,) = rig.problems.current()
    assert word in problem.message
    assert problem.remedy


def test_a_place_that_another_target_had_before_does_not_begin_with_its_errors() -> None:
    rig = Rig()
    rig.fail(0, 50)
    rig.outages = Outages(rig.board, destinations_of("c:3"), Problems(), rig.failing.append)
    rig.failing.clear()
    rig.pass_time(0.5)
    assert rig.failing == []


def test_each_protocol_is_named_and_has_its_own_remedy() -> None:
    board, problems = make_board(), Problems()
    (target,) = destinations_of("a:1", protocol="vmc")
    outages = Outages(board, [target], problems, lambda _: None)
    board.cells[board.target_cell(target.number, TargetCell.ERRORS)] += 5
    board.cells[board.target_cell(target.number, TargetCell.ERRNO)] = errno.ECONNREFUSED
    outages.check(NS_PER_S)
    (problem,) = problems.current()
    assert (problem.code, problem.message) == ("vmc_target_0", "VMC target a:1: nobody listens there")
    assert "vmc.targets" in problem.remedy
