"""The commands: one file per family, each the specification of its requests and answers. COMMANDS has them all."""

from __future__ import annotations

from typing import Final

from visaged.control.protocol.commands import capsules, config, device, face, models, mood, recording
from visaged.control.protocol.envelope import AnyCommand, Command

_FAMILIES: Final = (device, face, capsules, mood, models, config, recording)

COMMANDS: Final[dict[str, AnyCommand]] = {
    value.name: value for family in _FAMILIES for value in vars(family).values() if isinstance(value, Command)
}
"""Command name -> its description, in the order of the families."""
