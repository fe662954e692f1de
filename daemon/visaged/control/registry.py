"""The registry: which handler carries out which command. A pair whose types do not fit is an error of the type check.

A new command touches three places: its models and its description (protocol/commands/), its handler, and the line
that registers the two (app/commands/). Handlers raise Refusal for what they do not do, with nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.envelope import AnyCommand, Data, QuickCommand, Request, SlowCommand

Progress = Callable[[str, float | None], None]
"""``progress("downloading", 42.0)``: what is being done, and how far in percent (None: not known)."""

RequestT = TypeVar("RequestT", bound=Request)
AnswerT = TypeVar("AnswerT", bound=Data)


class Registry:
    """Filled before the dispatcher starts, read by its threads."""

    def __init__(self) -> None:
        self._handlers: dict[AnyCommand, Callable[..., Data]] = {}

    @overload
    def serve(self, command: QuickCommand[RequestT, AnswerT], handler: Callable[[RequestT], AnswerT]) -> None: ...

    @overload
    def serve(
        self, command: SlowCommand[RequestT, AnswerT], handler: Callable[[RequestT, Progress], AnswerT]
    ) -> None: ...

    def serve(self, command: Any, handler: Any) -> None:
        """Let ``handler`` carry out ``command``; the one registered before gives way."""
        self._handlers[command] = handler

    def serves(self, command: AnyCommand) -> bool:
        """Whether somebody carries it out."""
        return command in self._handlers

    def missing(self) -> tuple[str, ...]:
        """Names of the commands of the contract that nobody carries out."""
        return tuple(name for name, command in COMMANDS.items() if command not in self._handlers)

    def call(self, command: AnyCommand, request: Request, progress: Progress) -> Data:
        """Carry out ``request``. Raises Refusal, and KeyError for a command that nobody serves."""
        handler = self._handlers[command]
        return handler(request, progress) if isinstance(command, SlowCommand) else handler(request)
