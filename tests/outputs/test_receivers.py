"""Targets that change while the face is sent: what stays has no gap."""

from __future__ import annotations

import socket
from fractions import Fraction

import pytest

from tests.outputs.boards import make_board, unused_port
from tests.patience import wait_until
from visaged.config import IFacialMocapSettings, LiveLinkSettings, VmcSettings
from visaged.metrics import Metrics
from visaged.outputs.board import PoseBoard, TargetCell
from visaged.outputs.destinations import Outputs
from visaged.outputs.form import Form
from visaged.outputs.ifacialmocap import asked as asked_module
from visaged.outputs.ifacialmocap.leases import SECRET
from visaged.outputs.receivers import Receivers
from visaged.problems import Problems


def livelink(*targets: str, subject: str = "s", fps: int = 60) -> LiveLinkSettings:
    return LiveLinkSettings(targets=list(targets), subject=subject, fps=fps)


def ports(board: PoseBoard) -> dict[int, int]:
    return {number: address.port for number in range(32) if (address := board.address(number)) is not None}


def make(outputs: Outputs, metrics: Metrics | None = None) -> tuple[Receivers, PoseBoard, Problems]:
    board, problems = make_board(Fraction(60)), Problems()
    receivers = Receivers(board, outputs, "box", problems, metrics or Metrics())
    receivers.start()
    return receivers, board, problems


def test_targets_come_go_and_move_up() -> None:
    receivers, board, _ = make(Outputs(livelink("10.0.0.1:1", "10.0.0.2:2"), VmcSettings(targets=["10.0.0.3:3"])))
    assert ports(board) == {0: 1, 1: 2, 16: 3}
    assert receivers.use(Outputs(livelink("10.0.0.2:2"), VmcSettings(targets=["10.0.0.3:3", "10.0.0.4:4"])))
    assert ports(board) == {0: 2, 16: 3, 17: 4}
    assert receivers.use(Outputs(livelink()))
    assert ports(board) == {}
    receivers.stop()


def test_a_target_that_stays_is_not_touched() -> None:
    receivers, board, _ = make(Outputs(livelink("10.0.0.1:1")))
    before = board._addresses[0].read()
    receivers.use(Outputs(livelink("10.0.0.1:1", "10.0.0.2:2")))
    assert board._addresses[0].read() == before
    receivers.stop()


def test_another_subject_is_another_form() -> None:
    receivers, board, _ = make(Outputs(livelink("10.0.0.1:1")))
    receivers.use(Outputs(livelink("10.0.0.1:1", subject="other")))
    address = board.address(0)
    assert address is not None
    assert Form.from_text(address.form).name == "other"
    receivers.stop()


def test_another_rate_is_not_its_business() -> None:
    receivers, board, _ = make(Outputs(livelink("10.0.0.1:1")))
    assert not receivers.use(Outputs(livelink("10.0.0.2:2", fps=30)))
    assert ports(board) == {0: 1}
    receivers.stop()


def test_problems_of_targets_that_are_gone_are_over() -> None:
    receivers, board, problems = make(Outputs(livelink("10.0.0.1:1")))
    board.cells[board.target_cell(0, TargetCell.ERRORS)] += 10
    receivers.check(1)
    assert [problem.code for problem in problems.current()] == ["livelink_target_0"]
    receivers.use(Outputs(livelink("10.0.0.2:2")))
    receivers.check(2)
    assert problems.current() == ()
    receivers.stop()


def test_who_asked_stays_while_other_targets_change(monkeypatch: pytest.MonkeyPatch) -> None:
    port = unused_port()
    monkeypatch.setattr(asked_module.Asked.__init__, "__defaults__", (port,))
    metrics = Metrics()
    listening = IFacialMocapSettings(listen=True, targets=["10.0.0.9:49983"])
    receivers, board, _ = make(Outputs(livelink(), ifacialmocap=listening), metrics)

    def asked() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.sendto(f"iFacialMocap_{SECRET}".encode(), ("127.0.0.1", port))
        return 25 in ports(board)

    wait_until(asked, look_s=0.1)
    assert ports(board) == {24: 49983, 25: port}
    assert metrics.values()["ifacialmocap.asked"] == 1
    receivers.use(Outputs(livelink("10.0.0.1:1"), ifacialmocap=listening))
    assert ports(board) == {0: 1, 24: 49983, 25: port}
    receivers.use(Outputs(livelink("10.0.0.1:1")))
    assert ports(board) == {0: 1}
    receivers.stop()
