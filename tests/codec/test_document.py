"""docs/codec.md: the brain in it answers, and its table is that of the code."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tests.control.broker import free_port
from tests.patience import PATIENCE_S
from visaged.codec.frames import CUT, HEADER, MAX_FRAMES, RESET, SPEECH, VERSION, CodecMessage, decode, encode
from visaged.config import CodecSettings
from visaged.control.protocol.events import KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "codec.md").read_text(encoding="utf-8")


def test_the_brain_of_the_document_says_back_what_it_hears(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    brain, port = tmp_path / "brain.py", free_port()
    brain.write_text(program)
    codes = np.random.default_rng(1).integers(0, 2048, (5, 8)).astype(np.uint16)
    said: list[CodecMessage] = []
    with (
        subprocess.Popen([sys.executable, str(brain), str(port)]) as process,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box,
    ):
        box.connect(("127.0.0.1", port))
        box.settimeout(0.5)
        deadline = time.monotonic() + PATIENCE_S
        while sum(message.speech for message in said) < 5 and time.monotonic() < deadline:
            try:
                if not said:
                    box.send(encode(CodecMessage(3, 10, codes, True, True)))
                    box.send(encode(CodecMessage(3, 15, codes[:0], False)))
                said.append(decode(box.recv(2048)))
            except (ConnectionRefusedError, TimeoutError):
                time.sleep(0.05)  # it is still starting
        process.terminate()
    spoken = [message for message in said if message.speech][:5]
    np.testing.assert_array_equal(np.concatenate([message.codes for message in spoken]), codes)
    assert [message.reset for message in spoken] == [True, False, False, False, False]
    assert [message.sequence - spoken[0].sequence for message in spoken] == list(range(5))


def test_the_table_is_that_of_the_code() -> None:
    assert f"flags: {SPEECH} `SPEECH`, {RESET} `RESET`, {CUT} `CUT`" in TEXT
    assert f"version, {VERSION}" in TEXT
    assert f"| {HEADER.size} | | frames" in TEXT
    assert f"up to {MAX_FRAMES}" in TEXT


def test_settings_and_events_that_are_named_exist() -> None:
    for key in re.findall(r"`codec\.(\w+)", TEXT):
        assert key in CodecSettings.model_fields or key == "peer_silent_s", key
    for event in ("speech_start", "speech_end", "barge_in"):
        assert event in KINDS
        assert f"`{event}`" in TEXT
