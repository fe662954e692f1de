"""The man page says what the help says, and troff takes it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from visaged.cli.command_tree import command_tree
from visaged.cli.main import COMMANDS
from visaged.cli.man_page import _text, man_page


def test_every_command_and_option_is_in_it() -> None:
    page = man_page().replace(r"\-", "-")
    for node in command_tree().walk():
        assert not node.words or f".SS {' '.join(node.words)}\n" in page
        for argument in node.arguments:
            for flag in argument.flags:
                assert rf"\fB{flag}\fR" in page


def test_the_tree_knows_what_argparse_knows() -> None:
    root = command_tree()
    assert [child.words for child in root.children] == [(name,) for name in COMMANDS]
    play = next(node for node in root.walk() if node.words == ("capsules", "play"))
    cid, weight = (next(a for a in play.arguments if a.values == (name,)) for name in ("CID", "WEIGHT"))
    assert not cid.flags and not cid.optional
    assert weight.flags == ("--weight",) and weight.optional


@pytest.mark.parametrize(
    ("text", "escaped"), [(".TH x", r"\&.TH x"), ("a\\b", r"a\eb"), ("'.' it", r"\(aq.\(aq it"), ("--x", r"\-\-x")]
)
def test_no_text_is_taken_for_a_request(text: str, escaped: str) -> None:
    assert _text(text) == escaped


def test_only_known_requests_begin_a_line() -> None:
    requests = {match[1] for match in re.finditer(r"^([.'].?.?)", man_page(), re.MULTILINE)}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".PP", ".BR"}


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff (apt-get install groff-base)")
def test_troff_has_nothing_to_complain_about() -> None:
    command = ["groff", "-man", "-Tutf8", "-ww", "-z"]
    done = subprocess.run(command, input=man_page(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
