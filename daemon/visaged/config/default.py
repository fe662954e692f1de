"""The commented default file that ``visaged config init`` writes, made from the schema so that it is always true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from visaged.config.authority import Authority, authorities
from visaged.config.schema import Settings

_HEAD = """\
# Settings of visaged. Every key is optional; what is commented out shows the default.
# Check with: visaged config check FILE     Environment: VISAGED__SECTION__KEY     Command line: --set section.key=value
"""


_LEGEND: Final = """\
# file: only this file, the environment and --set can change it, config.set cannot.
# restart: a new value takes effect at the next start.
"""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def default_toml() -> str:
    """A TOML text with every section and key, explained, at its default and commented out."""
    return _HEAD + "".join(_section("", Settings, Settings.model_validate({}).model_dump(mode="json")))


def to_toml(settings: Settings) -> str:
    """``settings`` as TOML text, every key written out: what is in effect, and which keys ``config.set`` cannot set."""
    marks = authorities(Settings)
    return _LEGEND + "".join(_tables("", settings.model_dump(mode="json"), marks))


def _section(prefix: str, model: type[BaseModel], defaults: dict[str, Any]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            table = f"{prefix}{name}"
            yield f"\n# {section.__doc__}\n[{table}]\n"
            for key, inner in section.model_fields.items():
                if not _is_model(inner):
                    yield _key(key, inner, defaults[name][key])
            yield from _section(f"{table}.", section, defaults[name])


def _is_model(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _key(name: str, field: FieldInfo, default: Any) -> str:
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str | int)]
    accepted = f" ({' | '.join(choices)})" if choices else ""
    written = "(not set)" if default is None else _value(default)
    return f"# {field.description}{accepted}\n# {name} = {written}\n"


def _tables(prefix: str, table: dict[str, Any], marks: Mapping[str, Authority]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) and value is not None}
    if prefix and plain:
        yield f"\n[{prefix}]\n"
        for key, value in plain.items():
            mark = str(marks.get(f"{prefix}.{key}", ""))
            yield f"{_bare(key)} = {_value(value)}{f'  # {mark}' if mark else ''}\n"
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _tables(f"{prefix}.{_bare(key)}".lstrip("."), value, marks)


def _bare(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if not isinstance(value, dict):
        # JSON lets DEL through, TOML does not.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    items = ", ".join(f"{_bare(key)} = {_value(item)}" for key, item in value.items())
    return f"{{ {items} }}" if items else "{}"
