"""What the Live Link tests share: boards, poses, a sink that listens."""

from __future__ import annotations

import os
import socket
from fractions import Fraction

from tests.patience import PATIENCE_S
from visaged.clock import now_ns
from visaged.outputs.board import FIRST, Address, PoseBoard, Slot
from visaged.outputs.destinations import Destination, split_target
from visaged.outputs.encoders import Moment
from visaged.outputs.form import Form, Protocol
from visaged.outputs.livelink.packet import pack_curves

FORM = Form("livelink", Fraction(120), "face", "DEVICE")


def make_board(rate_hz: Fraction = Fraction(120), epoch_ns: int | None = None) -> PoseBoard:
    board, fd = PoseBoard.create(rate_hz, now_ns() if epoch_ns is None else epoch_ns)
    os.close(fd)
    return board


def pose(value: float) -> list[float]:
    return [value] * 61


def listen(family: socket.AddressFamily = socket.AF_INET) -> tuple[socket.socket, Address]:
    sink = socket.socket(family, socket.SOCK_DGRAM)
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    sink.bind((host, 0))
    sink.settimeout(PATIENCE_S)
    return sink, Address(family, host, sink.getsockname()[1], 0, FORM.to_text())


def address(host: str, port: int) -> Address:
    """A Live Link target."""
    return Address(socket.AF_INET, host, port, 0, FORM.to_text())


def moment(value: float, tick: int = 0) -> Moment:
    """Every curve at ``value``."""
    return Moment(tick, Slot(tick, 0, pack_curves(pose(value))), tick, 0.0, (0.0, 0.0), tick / 120)


def destinations_of(*targets: str, protocol: Protocol = "livelink") -> list[Destination]:
    """Targets as the settings write them."""
    form = FORM._replace(protocol=protocol)
    return [Destination(FIRST[protocol] + index, *split_target(target), form) for index, target in enumerate(targets)]


def unused_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
