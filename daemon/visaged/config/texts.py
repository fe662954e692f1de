"""Text in settings: of bounded length and without control characters, which no name, file or host has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

MAX_TEXT: Final = 256
"""Characters of a name: of a device, of a user."""
MAX_PATH: Final = 4096
"""Bytes of a path (Linux's PATH_MAX)."""

# C0 and C1 controls, DEL, Unicode's line ends, and halves of a pair, which are no text at all.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def check_text(text: str) -> str:
    """Return ``text`` when nothing in it is a control character; raises ValueError."""
    if found := _CONTROL.search(text):
        code = f"U+{ord(found[0]):04X}"
        raise ValueError(f"expected text without control characters; it holds {code} at position {found.start()}")
    return text


def check_path(value: Any) -> Path:
    """The path that a text or Path names; raises ValueError."""
    if not isinstance(value, (str, Path)):
        raise ValueError("expected a path, as text")
    path = check_text(str(value))
    # Path("") is the working folder, which nobody means.
    if not path or len(path.encode()) > MAX_PATH:
        raise ValueError(f"expected a path of 1 to {MAX_PATH} bytes")
    return Path(path)


Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(check_text)]
"""A name in the words of another system."""

FileName = Annotated[str, Field(max_length=MAX_PATH), AfterValidator(check_text)]
"""A path; empty where there is none."""

Folder = Annotated[Path, BeforeValidator(check_path)]
"""A folder of ours."""
