"""What the Live Link tests share: boards, poses, a sink that listens."""

from __future__ import annotations

import os
import socket
from fractions import Fraction

from tests.patience import PATIENCE_S
from visaged.clock import now_ns
from visaged.outputs.board import Address, PoseBoard


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
    return sink, Address(family, host, sink.getsockname()[1], 0)


def unused_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
