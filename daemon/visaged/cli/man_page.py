"""The man page visaged(1), written from the command line's own help: ``python -m visaged.cli.man_page >visaged.1``.

The format is man(7): lines that begin with a dot are requests, so text never does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from visaged import __version__
from visaged.cli.command_tree import Argument, Node, command_tree
from visaged.instance import FOLDER, default_settings_path

_HELP: Final = ("-h", "--help")
_FILES: Final = (
    (str(default_settings_path()), "Settings; visaged config init writes them all with their meaning."),
    (f"{FOLDER}/NAME.toml", "Settings of the instance NAME, where a box has several faces."),
    ("/etc/visaged/keys/", "Public keys whose capsule packs and model packages may be installed."),
    ("/var/lib/visaged/", "Capsules, models and what the service keeps over restarts."),
    ("/run/visaged/control.sock", "Where local commands reach the daemon."),
)
_ENVIRONMENT: Final = (
    ("VISAGED__SECTION__KEY", "Overrides one setting: VISAGED__LIVELINK__FPS=30."),
    ("ORT_DISABLE_TELEMETRY", "Set to 1 by the program itself before ONNX Runtime is loaded: nothing phones home."),
)


def man_page() -> str:
    """The page as troff source."""
    root = command_tree()
    return "\n".join(_lines(root)) + "\n"


def _lines(root: Node) -> Iterator[str]:
    # No date: the same version must give the same bytes, so that packages are reproducible.
    yield f'.TH VISAGED 1 "" "visaged {__version__}" "User Commands"'
    yield ".SH NAME"
    yield r"visaged \- turns a voice into a living face for Unreal Engine"
    yield ".SH SYNOPSIS"
    yield from _synopsis(root)
    yield ".SH DESCRIPTION"
    yield _text(root.description)
    yield ".SH OPTIONS"
    yield from _arguments(root)
    yield ".SH COMMANDS"
    for node in root.walk():
        if node.words:
            yield from _command(node)
    yield ".SH FILES"
    yield from _terms(_FILES)
    yield ".SH ENVIRONMENT"
    yield from _terms(_ENVIRONMENT)
    yield ".SH EXIT STATUS"
    yield _text(root.epilog.removeprefix("Exit codes: "))
    yield ".SH SEE ALSO"
    yield ".BR systemctl (1),"
    yield ".BR journalctl (1),"
    yield ".BR arecord (1)"


def _command(node: Node) -> Iterator[str]:
    yield f".SS {_text(' '.join(node.words))}"
    yield _text(_sentence(node.description or node.summary))
    if node.children and not any(argument.flags != _HELP for argument in node.arguments):
        return
    yield ".PP"
    yield from _synopsis(node)
    yield from _arguments(node)
    if node.epilog:
        yield ".PP"
        yield _text(node.epilog)


def _synopsis(node: Node) -> Iterator[str]:
    words = [rf"\fB{_text(word)}\fR" for word in ("visaged", *node.words)]
    if any(argument.flags for argument in node.arguments):
        words.append("[\\fIoptions\\fR]")
    words += [_positional(argument) for argument in node.arguments if not argument.flags]
    if node.children:
        words.append(r"\fIcommand\fR ...")
    yield " ".join(words)


def _positional(argument: Argument) -> str:
    shown = rf"\fI{_text(argument.values[0])}\fR" + (" ..." if argument.repeated else "")
    return f"[{shown}]" if argument.optional else shown


def _arguments(node: Node) -> Iterator[str]:
    for argument in node.arguments:
        if argument.flags == _HELP and node.words:
            continue
        flags = ", ".join(rf"\fB{_text(flag)}\fR" for flag in argument.flags)
        values = " ".join(rf"\fI{_text(value)}\fR" for value in argument.values)
        yield ".TP"
        yield f"{flags} {values}".strip()
        yield _text(_sentence(argument.help)) if argument.help else r"\&"


def _terms(terms: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for term, meaning in terms:
        yield ".TP"
        yield rf"\fB{_text(term)}\fR"
        yield _text(meaning)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", ":")) else ".")


def _text(text: str) -> str:
    """``text`` with what troff would take for its own: backslash, hyphen-minus, a dot or a quote that begins a line."""
    escaped = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    # Beyond ASCII by number: troff takes bytes, and those of UTF-8 only where man(1) has set it up for them.
    ascii_only = "".join(sign if sign.isascii() else rf"\[u{ord(sign):04X}]" for sign in escaped)
    return r"\&" + ascii_only if ascii_only.startswith(".") else ascii_only


if __name__ == "__main__":
    sys.stdout.write(man_page())
