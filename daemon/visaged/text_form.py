"""Texts of a fixed form: the pattern that a machine checks, and the words for whoever gets it wrong.

``Annotated[str, form(PATTERN, WORDS)]`` is such a text in a pydantic model, and ``complaint`` says of any error of
pydantic what is accepted. Nobody is shown a regular expression.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field
from pydantic_core import ErrorDetails

_WORDS: Final[dict[str, str]] = {}


def form(pattern: str, words: str) -> Any:
    """The constraint: a text matches ``pattern`` from end to end (give it ``^`` and ``$``). ``words`` say the same."""
    if _WORDS.setdefault(pattern, words) != words:
        raise ValueError(f"{pattern} is called '{_WORDS[pattern]}' elsewhere")
    return Field(pattern=pattern)


def complaint(details: ErrorDetails) -> str:
    """What is wrong by pydantic's error (made with its context), in words."""
    words = _WORDS.get(details.get("ctx", {}).get("pattern", ""))
    return f"expected {words}" if words else details["msg"].removeprefix("Value error, ")


ShortAscii = Annotated[str, form(r"^[ -~]{1,64}$", "1 to 64 printable ASCII characters")]
"""A text that every system can show and give back."""

Sha256 = Annotated[str, form(r"^[0-9a-f]{64}$", "64 hex digits in lower case")]
"""A hash of a file."""

MODEL_NAME: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
MODEL_VERSION: Final = r"\d{1,6}\.\d{1,6}\.\d{1,6}"
ModelName = Annotated[str, form(f"^{MODEL_NAME}$", "1 to 64 letters, digits, '.', '_' and '-', no sign first")]
"""A name that no shell, no path and no topic can misread."""
ModelVersion = Annotated[str, form(f"^{MODEL_VERSION}$", "a version of three numbers, such as 1.2.0")]
