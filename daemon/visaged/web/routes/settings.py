"""GET /settings: every setting with its meaning, for the page and for other set-up tools. Changed by config.set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, get_args

from fastapi import APIRouter
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from visaged.config.authority import Authority, authorities
from visaged.config.schema import Settings
from visaged.control.protocol.commands.config import CONFIG_GET
from visaged.web.access import Context, Viewer

router = APIRouter(tags=["settings"])

Kind = Literal["boolean", "number", "string", "list", "table"]
_KINDS: Final[dict[type, Kind]] = {bool: "boolean", int: "number", float: "number", str: "string", list: "list"}


class SettingDescription(BaseModel):
    """One setting."""

    name: str
    description: str
    kind: Kind = Field(description="What its value is in JSON")
    choices: list[str | int | float] = Field(description="The only values accepted; empty where there are others")
    default: Any
    value: Any = Field(description="In effect now; secrets are masked")
    editable: bool = Field(description="config.set may change it; else only the box's own file")
    restart: bool = Field(description="A new value takes effect at the next start")


class SectionDescription(BaseModel):
    """One table of the settings file."""

    name: str
    description: str
    settings: list[SettingDescription]


class SettingsDescription(BaseModel):
    """All of them, in the order of the file."""

    sections: list[SectionDescription]


@router.get("/settings")
async def describe(context: Context, who: Viewer) -> SettingsDescription:
    """Every setting, what it means, what is accepted, and its value now. `POST /commands/config.set` changes them."""
    got = await context.gateway.call(CONFIG_GET, {})
    return SettingsDescription(sections=list(_sections(got["settings"])))


def _sections(values: dict[str, Any]) -> Iterator[SectionDescription]:
    defaults = Settings.model_validate({}).model_dump(mode="json")
    yield from _tables("", Settings, defaults, values)


def _tables(
    prefix: str, model: type[BaseModel], defaults: dict[str, Any], values: dict[str, Any]
) -> Iterator[SectionDescription]:
    marks = authorities(Settings)
    for name, field in model.model_fields.items():
        section = field.annotation
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            continue
        table, inner = f"{prefix}{name}", values.get(name, {})
        described = [
            _setting(key, one, (defaults[name].get(key), inner.get(key)), marks[f"{table}.{key}"])
            for key, one in section.model_fields.items()
            if not (isinstance(one.annotation, type) and issubclass(one.annotation, BaseModel))
        ]
        if described:
            yield SectionDescription(name=table, description=section.__doc__ or "", settings=described)
        yield from _tables(f"{table}.", section, defaults[name], inner)


def _setting(name: str, field: FieldInfo, values: tuple[Any, Any], mark: Authority) -> SettingDescription:
    """``values``: the default and the one in effect."""
    default, value = values
    arguments = get_args(field.annotation)
    choices = [one for one in arguments if isinstance(one, (str, int, float)) and not isinstance(one, bool)]
    # A union such as "auto" or a number accepts more than what is listed.
    closed = bool(choices) and len(choices) == len(arguments)
    shown = value if value is not None else default
    return SettingDescription(
        name=name,
        description=field.description or "",
        kind=next((kind for python, kind in _KINDS.items() if isinstance(shown, python)), "table"),
        choices=choices if closed else [],
        default=default,
        value=value,
        editable=mark.remote,
        restart=not mark.live,
    )
