"""Completion for bash, written from the command line itself: ``python -m visaged.cli.completion >visaged``.

The script is made once, at installation: pressing Tab starts no Python. zsh takes it through bashcompinit.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

from visaged.cli.command_tree import Argument, Node, command_tree

_HEAD = """\
# bash completion of visaged, made from its command line.
_visaged_files() {
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}
_visaged_words() { mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}"); }
_visaged() {
    local before=${COMP_WORDS[COMP_CWORD - 1]} at= index next
    COMPREPLY=()
    # Which command is it: each word that names one below the last.
    for ((index = 1; index < COMP_CWORD; index++)); do
        next="$at ${COMP_WORDS[index]}"
        case ${next# } in
"""
_MIDDLE = """\
        esac
    done
    at=${at# }
    # The value of an option.
    case "$at $before" in
"""
_LAST = """\
    esac
    # An option, a command, one of the words accepted, or a file.
    case $at in
"""
_TAIL = """\
    esac
}
complete -F _visaged visaged
"""


def completion() -> str:
    """The script for bash 4.4 and newer."""
    nodes = list(command_tree().walk())
    return "".join((_HEAD, *_commands(nodes), _MIDDLE, *_option_values(nodes), _LAST, *_words(nodes), _TAIL))


def _commands(nodes: list[Node]) -> Iterator[str]:
    paths = " | ".join(shlex.quote(" ".join(node.words)) for node in nodes if node.words)
    yield f"        {paths}) at=$next ;;\n"


def _option_values(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        for argument in node.arguments:
            if argument.flags and argument.values:
                names = " | ".join(shlex.quote(f"{' '.join(node.words)} {flag}") for flag in argument.flags)
                yield f"    {names}) {_values(argument)}return ;;\n"


def _words(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        flags = [flag for argument in node.arguments for flag in argument.flags]
        positionals = [argument for argument in node.arguments if not argument.flags]
        plain = [child.words[-1] for child in node.children]
        plain += [choice for argument in positionals for choice in argument.choices]
        files = "_visaged_files; " if any(argument.path for argument in positionals) else ""
        path, words = shlex.quote(" ".join(node.words)), shlex.quote(" ".join((*plain, *flags)))
        yield f"    {path}) {files}_visaged_words {words} ;;\n"


def _values(argument: Argument) -> str:
    if argument.choices:
        return f"_visaged_words {shlex.quote(' '.join(argument.choices))}; "
    return "_visaged_files; " if argument.path else ""


if __name__ == "__main__":
    sys.stdout.write(completion())
