"""What others wrote reaches the terminal as text: no escape sequence, bidi control, line of its own or markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from visaged.cli import doctor
from visaged.cli.main import main
from visaged.cli.view import face_view
from visaged.console.progress import progress_bar
from visaged.console.say import complain, say
from visaged.console.tables import plain_table, print_table
from visaged.doctor.finding import warn

ATTACK = "a\x1b]0;TITLE\x07\nb\u202e\x9b2J[/red]"
SHOWN = r"a\x1b]0;TITLE\x07\nb\u202e\x9b2J[/red]"


def drawn(shown: RenderableType, width: int = 200) -> str:
    """As on a terminal with colours; our own escape sequences are colours and end with m."""
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=True, color_system=None, highlight=False).print(shown)
    return file.getvalue()


def harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


def test_a_face_title_its_figures_and_its_problems() -> None:
    text = drawn(face_view([0.0] * 61, ATTACK, {"solver": ATTACK}, [ATTACK]))
    assert text.count(SHOWN) == 3
    assert harmless(text)


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    table = plain_table("name", "title")
    table.add_row(ATTACK, ATTACK)
    print_table(table)
    text = capsys.readouterr().out
    assert text.count(SHOWN) == 2
    assert harmless(text)


def test_the_doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        doctor, "findings", lambda loaded, models: iter([warn("sound", f"the card '{ATTACK}' is gone", ATTACK)])
    )
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert text.count(SHOWN) == 2
    assert text.count("\n") == 2
    assert harmless(text)


def test_an_error_of_several_lines_stays_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    say(ATTACK)
    complain(ValueError("first\nsecond \x1b[31m"))
    out, err = capsys.readouterr()
    assert out == SHOWN.replace(r"\n", "\n") + "\n"
    assert err == "first\nsecond \\x1b[31m\n"


def test_a_file_name_beside_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(file, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", file)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar() as report:
        report("[/red]\x1b]0;TITLE\x07.wav", 0.5)
    assert "\x1b]0;" not in file.getvalue()
