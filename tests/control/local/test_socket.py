from __future__ import annotations

import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.control.fakes import Desk
from tests.patience import PATIENCE_S, wait_until
from visaged.control.local.bind import ControlSocketError
from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon
from visaged.control.local.socket import ControlSocket
from visaged.control.protocol.parse import MAX_PAYLOAD_BYTES


@pytest.fixture
def served(desk: Desk, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "run" / "control.sock"
    server = ControlSocket(path, desk.dispatcher)
    server.start()
    yield path
    server.stop()
    assert not path.exists()


def _raw(path: Path, data: bytes, lines: int) -> list[dict[str, Any]]:
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rb") as reader:
        connection.settimeout(PATIENCE_S)
        connection.connect(os.fspath(path))
        connection.sendall(data)
        return [json.loads(reader.readline()) for _ in range(lines)]


def test_a_command_goes_in_and_its_data_come_back(served: Path, desk: Desk) -> None:
    with ControlClient(served) as client:
        played = client.call("capsule.play", cid="VF_083", weight=0.5)
        assert played["played"][0]["cid"] == "VF_083"
        assert client.call("selftest")["passed"] is True
    assert desk.box.asked[0].transaction is not None


def test_an_error_is_raised_with_code_and_field(served: Path) -> None:
    with ControlClient(served) as client, pytest.raises(CommandFailed, match=r"invalid \(cid\)") as caught:
        client.call("capsule.play", cid="nonsense")
    assert caught.value.error.code == "invalid"


def test_lines_in_pieces_and_several_in_one_piece(served: Path) -> None:
    answers = _raw(served, b'{"command": "ping", "transaction": "1"}\n\n{"command":"ping","transaction":"2"}\n', 2)
    assert [answer["transaction"] for answer in answers] == ["1", "2"]


def test_the_progress_of_a_slow_command_comes_before_its_answer_to_who_asks_for_it(served: Path) -> None:
    told, answer = _raw(served, b'{"command": "selftest", "transaction": "1", "progress": true}\n', 2)
    assert told == {"transaction": "1", "command": "selftest", "progress": {"doing": "clock", "percent": 50.0}}
    assert answer["data"]["passed"] is True
    (answer,) = _raw(served, b'{"command": "selftest", "transaction": "2"}\n', 1)
    assert answer["status"] == "ok"


@pytest.mark.parametrize(
    "line", [b"hello", b"[1]", b'{"transaction": "1"}', b'{"command": 5}', b"\xff\xfe", b"{" * 3000]
)
def test_a_line_that_is_no_command_is_answered(served: Path, line: bytes) -> None:
    bad, good = _raw(served, line + b'\n{"command": "ping"}\n', 2)
    assert bad["error"]["code"] == "malformed"
    assert good["status"] == "ok"


def test_an_endless_line_is_answered_and_cut_off(served: Path) -> None:
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rb") as reader:
        connection.settimeout(PATIENCE_S)
        connection.connect(os.fspath(served))
        connection.sendall(b"x" * (MAX_PAYLOAD_BYTES + 1))
        assert json.loads(reader.readline())["error"]["code"] == "too_large"
        assert reader.read() == b""


def test_an_asker_that_reads_nothing_is_cut_off_and_others_are_served(served: Path, desk: Desk) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.connect(os.fspath(served))
        deaf.settimeout(PATIENCE_S)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while True:
                deaf.sendall(b"nonsense\n" * 5000)
    with ControlClient(served) as client:
        assert client.call("ping")["version"] == "0.1.0"


def _idle(path: Path, count: int) -> list[socket.socket]:
    connections = [socket.socket(socket.AF_UNIX) for _ in range(count)]
    for connection in connections:
        connection.connect(os.fspath(path))
        connection.settimeout(PATIENCE_S)
    return connections


def _close(connections: list[socket.socket]) -> None:
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("count", [16, 100])
def test_idle_connections_give_way(served: Path, count: int) -> None:
    idle = _idle(served, count)
    with ControlClient(served) as client:
        assert client.call("ping")["version"] == "0.1.0"
        assert idle[0].recv(1) == b"", "the one that was quiet longest was hung up on"
        idle[-1].sendall(b'{"command": "ping"}\n')
        assert json.loads(idle[-1].makefile("rb").readline())["status"] == "ok", "the newest one was not"
        assert client.call("ping")["version"] == "0.1.0"
    _close(idle)


def test_who_waits_for_an_answer_keeps_its_place(served: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visaged.control.local.asker.MAX_PER_USER", 3)
    desk.box.release.clear()
    waiting = _idle(served, 3)
    for number, connection in enumerate(waiting):
        connection.sendall(b'{"command": "selftest", "transaction": "%d"}\n' % number)
    wait_until(lambda: len(desk.box.asked) == 1)
    with ControlClient(served) as late, pytest.raises(CommandFailed, match="busy") as caught:
        late.call("ping")
    assert "connections are open and busy" in str(caught.value)
    desk.box.release.set()
    for number, connection in enumerate(waiting):
        assert json.loads(connection.makefile("rb").readline())["transaction"] == str(number)
    with ControlClient(served) as later:
        later.call("ping")
    _close(waiting)


def test_who_asks_nothing_for_long_is_hung_up_on(served: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visaged.control.local.asker.IDLE_NS", 10**8)
    monkeypatch.setattr("visaged.control.local.socket._IDLE_LOOK_S", 0.01)
    desk.box.release.clear()
    silent, half, waiting = _idle(served, 3)
    waiting.sendall(b'{"command": "selftest", "transaction": "1"}\n')
    assert silent.recv(1) == b""
    with pytest.raises(OSError, match=r".*"):
        for _ in range(1000):
            half.sendall(b"x")  # half a line is nothing
            time.sleep(0.01)
    desk.box.release.set()
    assert json.loads(waiting.makefile("rb").readline())["status"] == "ok"
    _close([silent, half, waiting])


def test_a_client_that_was_hung_up_on_connects_anew(served: Path) -> None:
    with ControlClient(served) as client:
        client.call("ping")
        idle = _idle(served, 40)
        assert client.call("ping")["version"] == "0.1.0"
        _close(idle)


def test_only_user_and_group_may_command(served: Path) -> None:
    assert stat.S_IMODE(served.stat().st_mode) == 0o660


def test_a_dead_daemons_socket_is_replaced(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(os.fspath(path))
    dead.close()
    server = ControlSocket(path, desk.dispatcher)
    server.start()
    with ControlClient(path) as client:
        client.call("ping")
    server.stop()


def test_a_living_daemons_socket_is_not(served: Path, desk: Desk) -> None:
    with pytest.raises(ControlSocketError, match="another visaged"):
        ControlSocket(served, desk.dispatcher).start()
    with ControlClient(served) as client:
        client.call("ping")


def test_a_file_in_its_place_is_kept(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("precious")
    with pytest.raises(ControlSocketError, match="not a socket"):
        ControlSocket(path, desk.dispatcher).start()
    assert path.read_text() == "precious"


def test_a_path_longer_than_the_kernel_takes(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ControlSocketError, match="RUNTIME_DIRECTORY"):
        ControlSocket(tmp_path / ("x" * 120), desk.dispatcher).start()


def test_without_a_daemon_the_error_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(NoDaemon, match=r"nowhere\.sock.*systemctl start visaged"):
        ControlClient(tmp_path / "nowhere.sock")
