"""Completion for a shell, made once at installation: ``python -m visaged.cli.completion bash|zsh``.

shtab reads it off argparse. Pressing Tab starts no Python.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import shtab

from visaged.cli.main import COMMANDS, make_parser

SHELLS: Final = ("bash", "zsh")
# How our help names what is a file or a folder.
_PATHS: Final = ("FILE", "DIR", "OUT")


def completion(shell: str) -> str:
    """The script for ``shell`` (bash 4.4 and newer, or zsh)."""
    parser = make_parser(COMMANDS)
    _mark_paths(parser)
    return str(shtab.complete(parser, shell=shell))


def _mark_paths(parser: argparse.ArgumentParser) -> None:
    # argparse has no public way to ask a parser what it knows; this name has been the same since Python 2.7.
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                _mark_paths(child)
        elif action.type is Path or (isinstance(action.metavar, str) and action.metavar.startswith(_PATHS)):
            action.complete = shtab.FILE  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.stdout.write(completion(sys.argv[1] if len(sys.argv) > 1 else "bash"))
