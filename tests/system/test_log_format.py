from __future__ import annotations

import io
import logging
import sys

from hypothesis import given
from hypothesis import strategies as st

from visaged.cli.log import log_above_live_view, log_lines
from visaged.system.journal import LineFormatter
from visaged.system.log_format import PrintableFormatter

ATTACK = "a\n2026-01-01 ERROR forged\x1b]0;TITLE\x07\u202e\x9b2J"
SHOWN = r"a\n2026-01-01 ERROR forged\x1b]0;TITLE\x07\u202e\x9b2J"


def record(message: str, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("visaged", logging.WARNING, __file__, 1, message, arguments, info)


def raised(text: str) -> ValueError:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_what_a_device_is_called_makes_no_second_record() -> None:
    assert PrintableFormatter("%(levelname)s %(message)s").format(record("lost %s", ATTACK)) == f"WARNING lost {SHOWN}"


def test_the_text_of_an_exception_is_set_in_and_harmless() -> None:
    first, *others = PrintableFormatter("%(message)s").format(record("failed", error=raised(ATTACK))).split("\n")
    assert first == "failed"
    assert others[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") and line.isprintable() for line in others)


@given(st.text(st.characters()))
def test_systemd_sees_one_priority_a_line(text: str) -> None:
    lines = LineFormatter("%(message)s").format(record("%s", text, error=raised(text))).split("\n")
    assert all(line.startswith("<4>") and line.isprintable() for line in lines)


def test_no_way_to_log_lets_an_escape_through(monkeypatch: object) -> None:
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level, stderr = root.level, sys.stderr
    try:
        for begin in (log_lines, log_above_live_view):
            sys.stderr = written = io.StringIO()
            begin("info")
            logging.getLogger("visaged.test").warning("lost %s", ATTACK)
            assert SHOWN in written.getvalue().replace("\n", "").replace(" " * 20, "")  # rich folds
            assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(written.getvalue())
    finally:
        sys.stderr = stderr
        root.handlers[:] = before
        root.setLevel(level)
