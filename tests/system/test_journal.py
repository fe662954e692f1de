from __future__ import annotations

import io
import logging
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.patience import PATIENCE_S
from visaged.problems import Problems
from visaged.system.journal import JournalHandler, LineFormatter, encode, is_journal, journal_handler


def decode(data: bytes) -> dict[str, str]:
    """What journald reads (systemd's JOURNAL_NATIVE_PROTOCOL document), literally."""
    fields = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, data = rest[8 : 8 + length], rest[9 + length :]
            assert rest[8 + length : 9 + length] == b"\n"
        else:
            data = rest
        fields[name.decode()] = value.decode()
    return fields


@given(st.dictionaries(st.from_regex(r"\A[A-Z][A-Z_]{0,20}\Z"), st.text(st.characters(codec="utf-8"), max_size=200)))
def test_what_is_sent_is_what_journald_reads(fields: dict[str, str]) -> None:
    assert decode(encode(fields)) == fields


def test_an_endless_value_is_cut() -> None:
    assert len(encode({"MESSAGE": "x" * 10_000_000})) < 40_000


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.settimeout(PATIENCE_S)
        yield listening


@pytest.fixture
def logger(tmp_path: Path, journald: socket.socket) -> Iterator[logging.Logger]:
    log = logging.getLogger("visaged.test-journal")
    handler = journal_handler(tmp_path / "socket")
    log.addHandler(handler)
    log.propagate = False
    yield log
    log.removeHandler(handler)
    handler.close()


def test_a_record_has_its_place_and_priority(logger: logging.Logger, journald: socket.socket) -> None:
    logger.warning("the %s is gone", "microphone")
    entry = decode(journald.recv(65_536))
    assert entry["MESSAGE"] == "the microphone is gone"
    assert entry["PRIORITY"] == "4"
    assert entry["CODE_FILE"] == __file__
    assert entry["CODE_FUNC"] == "test_a_record_has_its_place_and_priority"
    assert entry["SYSLOG_IDENTIFIER"] == "visaged"
    assert "VISAGED_PROBLEM" not in entry


def test_a_traceback_is_one_entry(logger: logging.Logger, journald: socket.socket) -> None:
    try:
        raise ArithmeticError("odd")
    except ArithmeticError:
        logger.exception("it failed")
    message = decode(journald.recv(65_536))["MESSAGE"]
    assert message.startswith("it failed\n    Traceback")
    assert message.endswith("ArithmeticError: odd")


def test_problems_carry_their_code(
    journald: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handler = journal_handler(tmp_path / "socket")
    monkeypatch.setattr(logging.getLogger("visaged.problems"), "handlers", [handler])
    # Not by the attribute: a logger remembers what it was asked before.
    caplog.set_level(logging.INFO, "visaged.problems")
    problems = Problems()
    problems.open("audio_input_lost", "it is gone", "Plug it in")
    problems.clear("audio_input_lost")
    opened, over = (decode(journald.recv(65_536)) for _ in range(2))
    assert opened["VISAGED_PROBLEM"] == over["VISAGED_PROBLEM"] == "audio_input_lost"
    assert "over after" in over["MESSAGE"]
    handler.close()


def test_a_journald_that_is_gone_or_full_loses_nothing(tmp_path: Path) -> None:
    written = io.StringIO()
    fallback = logging.StreamHandler(written)
    fallback.setFormatter(LineFormatter("%(message)s"))
    handler = JournalHandler(fallback, tmp_path / "none")
    handler.handle(logging.LogRecord("visaged", logging.ERROR, __file__, 1, "said anyway", None, None))
    assert written.getvalue() == "<3>said anyway\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "none"))
        for _ in range(2000):
            handler.handle(logging.LogRecord("visaged", logging.INFO, __file__, 1, "x" * 9000, None, None))
            if written.getvalue().count("\n") > 2:
                break
        else:
            raise AssertionError("the socket took everything")
    handler.close()


def test_without_journald_lines_go_to_standard_error(tmp_path: Path) -> None:
    handler = journal_handler(tmp_path / "none")
    assert isinstance(handler, logging.StreamHandler)
    assert handler.stream is sys.stderr


def test_only_the_stream_that_systemd_made_is_the_journal() -> None:
    with tempfile.TemporaryFile("w") as stream:
        status = os.fstat(stream.fileno())
        assert is_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not is_journal(stream, {"JOURNAL_STREAM": "8:1"})
        assert not is_journal(stream, {})
    assert not is_journal(io.StringIO(), {"JOURNAL_STREAM": "8:1"})
