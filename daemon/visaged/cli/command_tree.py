"""The whole command line as plain data, read off argparse: what the man page and shell completion are made from."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from visaged.cli.main import COMMANDS, make_parser


@dataclass(frozen=True)
class Argument:
    """One option or positional."""

    flags: tuple[str, ...]
    """``("-h", "--help")``; empty for a positional."""
    values: tuple[str, ...]
    """What is typed after the flags, by name; empty for a switch."""
    help: str
    choices: tuple[str, ...]
    """The only words accepted; empty where anything goes."""
    path: bool
    """The value is a file or a folder."""
    optional: bool
    repeated: bool


@dataclass(frozen=True)
class Node:
    """A command: its words (``("capsules", "play")``, none for the program), arguments and the commands below it."""

    words: tuple[str, ...]
    summary: str
    description: str
    epilog: str
    arguments: tuple[Argument, ...]
    children: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """Itself and everything below, in the order of the help."""
        yield self
        for child in self.children:
            yield from child.walk()


def command_tree() -> Node:
    """The program, with every command loaded."""
    return _node(make_parser(COMMANDS), (), "")


def _node(parser: argparse.ArgumentParser, words: tuple[str, ...], summary: str) -> Node:
    arguments, children = [], []
    # argparse has no public way to ask a parser what it knows; these names have been the same since Python 2.7.
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}
            children += [_node(child, (*words, name), summaries[name]) for name, child in action.choices.items()]
        elif action.help != argparse.SUPPRESS:
            arguments.append(_argument(parser, action))
    texts = (parser.description or "", parser.epilog or "")
    return Node(words, summary, *texts, tuple(arguments), tuple(children))


def _argument(parser: argparse.ArgumentParser, action: argparse.Action) -> Argument:
    # As argparse does for --help: %(default)s and the like, and %% for a percent sign.
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    choices = tuple(map(str, action.choices or ()))
    return Argument(
        flags=tuple(action.option_strings),
        values=_values(action, choices),
        help=text,
        choices=choices,
        path=action.type is Path or (isinstance(action.metavar, str) and action.metavar.startswith(("FILE", "DIR"))),
        optional=bool(action.option_strings and not action.required) or action.nargs in ("?", "*"),
        repeated=action.nargs in ("*", "+"),
    )


def _values(action: argparse.Action, choices: tuple[str, ...]) -> tuple[str, ...]:
    if action.nargs == 0:
        return ()
    if isinstance(action.metavar, tuple):
        return action.metavar
    # A list of dozens of commands belongs into the text, not into the synopsis.
    named = "{" + ",".join(choices) + "}" if choices else action.dest.upper()
    return (action.metavar or named,) * (action.nargs if isinstance(action.nargs, int) else 1)
