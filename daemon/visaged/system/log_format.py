"""How a log record becomes text: one record, one line, whatever a broker, a file or a device put into it."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from visaged.printable import printable, printable_lines

# A list of faults of a settings file is the longest message; a traceback's line holds the text of an exception.
_MESSAGE: Final = 4000
# What follows a first line is set in, so that foreign text in an exception never looks like a record of its own.
_INDENT: Final = "    "

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PrintableFormatter(logging.Formatter):
    """logging's formatter, with message and traceback made printable."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The first line; logging has put the arguments into ``record.message`` just before."""
        record.message = printable(record.message, _MESSAGE)
        return super().formatMessage(record)

    def formatException(self, ei: ExceptionInfo) -> str:
        """A traceback, line by line."""
        return printable_lines(super().formatException(ei), _MESSAGE, _INDENT)

    def formatStack(self, stack_info: str) -> str:
        """A stack that was asked for, line by line."""
        return printable_lines(super().formatStack(stack_info), _MESSAGE, _INDENT)
