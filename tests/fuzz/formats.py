"""All formats by name."""

from __future__ import annotations

from typing import Final

from tests.fuzz import files, messages, packages
from tests.fuzz.driver import Format

FORMATS: Final[dict[str, Format]] = {made.name: made for room in (messages, files, packages) for made in room.FORMATS}
