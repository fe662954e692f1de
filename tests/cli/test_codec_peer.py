from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.patience import PATIENCE_S
from visaged.cli import main
from visaged.codec.frames import CodecMessage, decode, encode
from visaged.codec.seal import Role, Seal
from visaged.codec.udp import UdpLink
from visaged.metrics import Metrics
from visaged.problems import Problems

CODES = np.full((1, 8), 700, np.uint16)


def start(*arguments: str) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "visaged", "codec", "peer", *arguments)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def talk(port: int, *messages: CodecMessage) -> list[CodecMessage]:
    """Send ``messages`` until something comes back; what came within a moment more."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
        box.connect(("127.0.0.1", port))
        box.settimeout(0.5)
        deadline = time.monotonic() + PATIENCE_S
        answers: list[CodecMessage] = []
        while time.monotonic() < deadline:
            try:
                if not answers:
                    for message in messages:
                        box.send(encode(message))
                answers.append(decode(box.recv(2048)))
                if answers[-1].speech:
                    return answers
            except (ConnectionRefusedError, TimeoutError):
                time.sleep(0.05)  # it is still starting
        pytest.fail(f"nothing was said: {answers}")


def test_it_says_back_what_it_hears_and_ends_with_ctrl_c() -> None:
    port = free_udp_port()
    with start(f"--udp=127.0.0.1:{port}") as peer:
        speech, end = CodecMessage(3, 10, CODES, True, True), CodecMessage(3, 11, CODES[:0], False)
        answers = talk(port, speech, end)
        peer.send_signal(signal.SIGINT)
        out, errors = peer.communicate(timeout=PATIENCE_S)
    assert answers[-1].reset
    np.testing.assert_array_equal(answers[-1].codes, CODES)
    assert peer.returncode == 130
    assert errors == ""
    assert f"UDP port {port}: waiting for a box" in out
    assert "box is there" in out


def test_nonsense_is_counted_and_not_answered(tmp_path: Path) -> None:
    port = free_udp_port()
    with start(f"--udp=127.0.0.1:{port}", "--json", "--seconds=3") as peer:
        assert peer.stdout is not None
        json.loads(peer.stdout.readline())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
            for data in (b"", b"nonsense", b"\xff" * 1400):
                box.sendto(data, ("127.0.0.1", port))
        lines = peer.communicate(timeout=PATIENCE_S)[0].splitlines()
    assert json.loads(lines[-1])["refused"] == 3
    assert not json.loads(lines[-1])["box"]
    assert peer.returncode == 69, "no box came"


def test_with_a_key_only_what_bears_it_is_heard(tmp_path: Path) -> None:
    port, key = free_udp_port(), tmp_path / "key"
    key.write_bytes(b"k" * 32)
    heard: list[bytes] = []
    link = UdpLink("127.0.0.1", port, heard.append, Metrics(), Problems(), seal=Seal(b"k" * 32, Role.BOX))
    with (
        start(f"--udp=127.0.0.1:{port}", f"--codec-key={key}", "--json") as peer,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        assert peer.stdout is not None
        json.loads(peer.stdout.readline())
        stranger.sendto(encode(CodecMessage(3, 10, CODES, True, True)), ("127.0.0.1", port))
        while json.loads(peer.stdout.readline())["refused"] == 0:
            pass
        link.start()
        for sequence in range(1000):
            link.send(encode(CodecMessage(4, sequence, CODES if sequence % 20 else CODES[:0], bool(sequence % 20))))
            if any(decode(message).speech for message in heard):
                break
            time.sleep(0.05)
        link.stop()
        peer.terminate()
    np.testing.assert_array_equal(next(decode(m).codes for m in heard if decode(m).speech), CODES)


def test_a_file_of_frames_is_said_as_soon_as_a_box_is_there(tmp_path: Path) -> None:
    port, path = free_udp_port(), tmp_path / "answer"
    path.write_bytes(encode(CodecMessage(1, 0, np.tile(CODES, (40, 1))), 40))
    with start(f"--udp=127.0.0.1:{port}", f"--say={path}") as peer:
        answers = talk(port, CodecMessage(3, 10, CODES[:0], False))
        peer.terminate()
    np.testing.assert_array_equal(answers[-1].codes, CODES)


def test_a_sound_file_is_said_through_the_codec(mimi_root: Path, tmp_path: Path) -> None:
    from visaged import samples  # noqa: PLC0415
    from visaged.cli.codec.answer_file import load_codes  # noqa: PLC0415

    codes = load_codes(samples.speech_path(), None, [], mimi_root)
    assert codes.shape[1] == 8
    assert 240 < len(codes) < 260, "20 s at 12.5 frames a second"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--udp=99999"], "--udp 99999: expected PORT"),
        (["--udp=here:x"], "expected PORT"),
        (["--device=box", "--broker=a b"], "--host"),
        (["--say=/no/such/file"], "cannot be read"),
        (["--codec-key=/no/such/file"], "the key cannot be read"),
        (["--codec-key={text}"], "expected a key of 16 to 1024 bytes"),
        (["--codec-key={text}", "--device=box"], "--codec-key belongs to UDP"),
        (["--say={short}"], "is not a file of codec frames: length"),
        (["--say={empty}"], "has no frames in it"),
        (["--say={text}"], "text"),
    ],
)
def test_a_mistake_is_named(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"short": b"\x01\x08\x00", "empty": bytes([1, 8, *[0] * 10]), "text": b"hello"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    filled = [argument.format(**{name: tmp_path / name for name in files}) for argument in arguments]
    assert main(["codec", "peer", *filled]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--loss=101", "--jitter-ms=-1", "--seconds=0", "--duplicate=x"])
def test_options_out_of_range_are_usage_errors(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["codec", "peer", option])
    assert exit_.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_a_port_that_is_taken_and_a_broker_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        assert main(["codec", "peer", f"--udp=127.0.0.1:{taken.getsockname()[1]}"]) == 69
    assert main(["codec", "peer", "--device=box", "--broker=127.0.0.1:1"]) == 69
    assert "choose another port" in capsys.readouterr().err
