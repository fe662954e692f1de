"""The commands: one file per family, each the specification of its requests and answers. COMMANDS has them all."""

from __future__ import annotations

from typing import Final

from visaged.control.protocol.commands import capsules, config, device, face, models, mood
from visaged.control.protocol.envelope import Command

COMMANDS: Final[dict[str, Command]] = {
    command.name: command for family in (device, face, capsules, mood, models, config) for command in family.COMMANDS
}
"""Command name -> its description."""
