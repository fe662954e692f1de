"""Commands about the settings: config.get, config.set."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from visaged.control.protocol.envelope import Data, QuickCommand, Request, SlowCommand
from visaged.text_form import form

# A settings file is a few kB; this is every key at its longest and room to spare.
_CONFIG_BYTES: Final = 65_536


class ConfigGet(Request):
    """The settings in effect, secrets masked."""

    section: Annotated[str, form(r"^[a-z_]{1,32}$", "the name of a section, such as livelink")] | None = Field(
        default=None, description="One section; null: all"
    )


class ConfigGot(Data):
    """The settings in effect."""

    settings: dict[str, Any]
    on_probation: bool = Field(description="Whether the last config.set may still be rolled back")
    restart_needed: tuple[str, ...] = Field(
        default=(), description="Keys for which the file holds another value: it takes effect at the next start"
    )


class ConfigSet(Request):
    """Change settings: validated as a whole, applied at once, kept over restarts, rolled back when the face stops."""

    settings: dict[str, Any] = Field(
        min_length=1,
        max_length=64,
        description='Only what changes, as sections: {"face": {"intensity": 0.8}}; null puts a key back to its default',
    )
    check_only: bool = Field(default=False, description="Validate and say what would change; apply nothing")


class ConfigApplied(Data):
    """What was applied. The event config_applied or config_rejected follows when the probation is over."""

    changed: tuple[str, ...] = Field(description="Keys whose value is new: face.intensity")
    applied: bool = Field(description="Whether the box runs with it; false with restart_needed: it is stored")
    restart_needed: tuple[str, ...] = Field(
        default=(), description="Keys of those that are stored, and take effect at the next start"
    )
    probation_s: float = Field(ge=0, description="0: nothing to watch")


CONFIG_GET = QuickCommand(
    "config.get", "The settings in effect", ConfigGet, ConfigGot, '{"transaction": "t25", "section": "livelink"}'
)
CONFIG_SET = SlowCommand(
    "config.set",
    "Change settings",
    ConfigSet,
    ConfigApplied,
    '{"transaction": "t26", "settings": {"face": {"intensity": 0.9}}}',
    max_bytes=_CONFIG_BYTES,
)
