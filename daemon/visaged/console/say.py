"""Print what may hold other people's text: error messages, names out of files and packs."""

from __future__ import annotations

import sys
from typing import Final

from visaged.printable import printable_lines

# A list of what would be accepted is the longest line.
_LINE: Final = 4000


def say(text: object) -> None:
    """To standard output; the line breaks are ours."""
    print(printable_lines(str(text), _LINE), flush=True)


def complain(text: object) -> None:
    """To standard error."""
    print(printable_lines(str(text), _LINE), file=sys.stderr, flush=True)
