from __future__ import annotations

import json
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import pytest
from rich.console import Console

from tests.patience import PATIENCE_S
from visaged.cli.main import main
from visaged.cli.monitor import report, view, waiting_line
from visaged.console import exit_codes
from visaged.curves import INDEX
from visaged.outputs.livelink.packet import LiveLinkPacket, encode
from visaged.outputs.receiver import MAX_SENDERS, Receiver


def face(frame: int = 600, subject: str = "face1") -> bytes:
    curves = [0.0] * 61
    curves[INDEX["JawOpen"]] = 0.75
    return encode(LiveLinkPacket(f"ID-{subject}", subject, frame, 0.0, Fraction(60), tuple(curves)))


def escape() -> bytes:
    """A subject that sets the title of a terminal and its clipboard."""
    subject = b"\x1b]0;TITLE\x1b\\\x1b]52;c;cm0gLXJm\x1b\\"
    texts = struct.pack(">Bi1si", 6, 1, b"D", len(subject)) + subject
    return texts + struct.pack(">ifiiB61f", 1, 0.0, 60, 1, 61, *[0.1] * 61)


def faceless(subject: str = "face1") -> bytes:
    """What a phone sends that sees no face: the count is 0, and nothing follows."""
    whole = face(subject=subject)
    return whole[: -61 * 4 - 1] + b"\0"


def send(port: int, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", port))


@contextmanager
def sending(port: int, *others: bytes) -> Iterator[None]:
    """A face and ``others`` about every 10 ms."""
    done = threading.Event()

    def run() -> None:
        frame = 0
        while not done.wait(0.01):
            send(port, face(frame), *others)
            frame += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def unused_port() -> int:
    with Receiver("127.0.0.1", 0) as receiver:
        return receiver.port


def text_of(receiver: Receiver, waited_s: float = 0.0, width: int = 120, later_s: int = 0) -> str:
    console = Console(width=width, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(view(receiver, time.time_ns() + later_s * 10**9, waited_s))
    console.file.close()
    return console.export_text()


def test_the_report_of_a_face() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver.port, face(600), face(601), face(604))
        receiver.receive(5)
        shown = report(receiver, time.time_ns())
        (only,) = shown["faces"]
        assert (only["subject"], only["device_id"], only["sender"]) == ("face1", "ID-face1", "127.0.0.1")
        assert (only["packets"], only["lost"], only["rate_fps"]) == (3, 2, "60")
        assert only["curves"]["JawOpen"] == 0.75
        assert only["scene_time_s"] == pytest.approx(604 / 60, abs=1e-3)
        assert json.loads(json.dumps(shown)) == shown


def test_the_view_shows_each_face_and_what_was_refused() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver.port, face(), face(subject="face2"), b"\x05")
        receiver.receive(5)
        text = text_of(receiver)
        assert "face1 from 127.0.0.1" in text
        assert "face2 from 127.0.0.1" in text
        assert "version: 5" in text


def test_escape_sequences_of_a_sender_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    bidi = face(subject="\u202eecaf")
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver.port, escape(), bidi)
        receiver.receive(5)
        text = text_of(receiver, width=200)
        assert r"subject: b'\x1b]0;TITLE" in text
        assert r"\u202eecaf from 127.0.0.1" in text
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
        assert "\\u202eecaf" in json.dumps(report(receiver, time.time_ns()))
    port = unused_port()
    with sending(port, escape(), bidi):
        main(["monitor", "--bind", "127.0.0.1", "--port", str(port), "--seconds", "1"])
    _, line, refused = capsys.readouterr().out.splitlines()
    assert line.startswith(r"\u202eecaf from 127.0.0.1: fps")
    assert "datagrams were no faces; the last one: subject: " in refused
    assert (line + refused).isprintable()


def test_a_flood_of_senders_is_counted() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver.port, *(face(subject=f"f{number}") for number in range(MAX_SENDERS + 7)))
        receiver.receive(5)
        assert len(report(receiver, time.time_ns())["faces"]) == MAX_SENDERS
        assert report(receiver, time.time_ns())["more_senders"] == 7
        assert "7 further senders are not shown" in text_of(receiver)


def test_the_view_says_what_to_check_while_nothing_comes() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        words = " ".join(text_of(receiver, 12.0).split())
        assert f"Nothing has arrived on UDP port {receiver.port} for 12 s" in words
        assert "firewall" in words


def test_the_view_says_when_a_sender_falls_silent() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver.port, face())
        receiver.receive(5)
        receiver.streams["ID-face1"].time_ns -= 5_000_000_000
        assert "silent for 5 s" in text_of(receiver)


def test_the_waiting_line_names_port_and_address() -> None:
    assert "127.0.0.1:11111" in waiting_line(11111, 3)


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    port = unused_port()
    with sending(port):
        code = main(["monitor", "--bind", "127.0.0.1", "--port", str(port), "--json", "--seconds", "1"])
    assert code == exit_codes.DONE
    (line,) = capsys.readouterr().out.splitlines()
    (only,) = json.loads(line)["faces"]
    assert only["subject"] == "face1"
    assert only["fps"] > 0


def test_without_a_terminal_there_are_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    port = unused_port()
    with sending(port):
        main(["monitor", "--bind", "127.0.0.1", "--port", str(port), "--seconds", "1"])
    out = capsys.readouterr().out
    assert out.startswith("face1 from 127.0.0.1: fps ")
    assert "\x1b" not in out


def test_no_face_at_all_is_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["monitor", "--bind", "127.0.0.1", "--port", str(unused_port()), "--json", "--seconds", "1"])
    assert code == exit_codes.UNAVAILABLE
    assert json.loads(capsys.readouterr().out)["faces"] == []


def test_a_port_that_is_taken_is_said_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        assert main(["monitor", "--bind", "127.0.0.1", "--port", str(receiver.port)]) == exit_codes.UNAVAILABLE
        said = capsys.readouterr().err
        assert str(receiver.port) in said
        assert "--port" in said


@pytest.mark.parametrize(
    "arguments", [["--port", "0"], ["--port", "65536"], ["--port", "x"], ["--seconds", "0"], ["--seconds", "nan"]]
)
def test_bad_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["monitor", *arguments])
    assert stopped.value.code == exit_codes.USAGE
    assert arguments[1] in capsys.readouterr().err


def test_an_address_of_another_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", "--bind", "192.0.2.77"]) == exit_codes.UNAVAILABLE
    assert "--bind" in capsys.readouterr().err


def test_on_a_terminal_it_draws_and_ctrl_c_leaves_it_clean() -> None:
    port = unused_port()
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "import sys; from visaged.cli.main import main; sys.exit(main())"]
    command += ["monitor", "--bind", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    with sending(port), subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as monitor:
        os.close(theirs)
        drawn = b""
        while "█".encode() not in drawn:
            drawn += os.read(ours, 65536)
        monitor.send_signal(signal.SIGINT)
        try:
            while chunk := os.read(ours, 65536):
                drawn += chunk
        except OSError:
            pass  # Linux reports the closed side of a pty as an error
        assert monitor.wait(PATIENCE_S) == exit_codes.INTERRUPTED
    os.close(ours)
    assert drawn.rfind(b"\x1b[?25h") > drawn.rfind(b"\x1b[?25l") >= 0  # the cursor is back
    assert b"Traceback" not in drawn


def test_a_sender_that_sees_no_face_is_named() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver.port, faceless(), faceless("other\u202e"), face(subject="third"))
        receiver.receive(5)
        now_ns = time.time_ns()
        got = report(receiver, now_ns)
        assert [one["subject"] for one in got["no_face"]] == ["face1", "other\u202e"]
        assert got["refused"] == 0
        text = text_of(receiver)
        assert "face1 from 127.0.0.1: sends, sees no face" in text
        assert "other\\u202e from" in text
        # When the face is back it is a face again; a sender that is gone is forgotten.
        send(receiver.port, face())
        receiver.receive(5)
        assert [one["subject"] for one in report(receiver, now_ns)["no_face"]] == ["other\u202e"]
        assert report(receiver, now_ns + 11 * 10**9)["no_face"] == []


def test_a_face_that_was_lost_is_no_silence_of_the_network() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        send(receiver.port, face(), faceless())
        receiver.receive(5)
        text = text_of(receiver, later_s=3)
        assert "sends, sees no face" in text
        assert "silent for" not in text


def test_phones_without_a_face_are_bounded() -> None:
    with Receiver("127.0.0.1", 0) as receiver:
        for number in range(MAX_SENDERS + 9):
            send(receiver.port, faceless(f"face{number}"))
            receiver.receive(5)
        assert len(receiver.faceless) == MAX_SENDERS
