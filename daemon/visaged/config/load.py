"""Load the settings: the TOML file, over it the environment, over that ``--set``; every error names its place.

A value from anywhere is validated once, as one whole; nothing is half-applied.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, SettingsError

from visaged.config.locate import line_of
from visaged.config.schema import Settings
from visaged.config.toml_text import MAX_BYTES, check_shape, parse
from visaged.files import read_bounded
from visaged.instance import default_settings_path
from visaged.text_form import complaint

_ENV_PREFIX: Final = "VISAGED__"
# Section, table in it, key, entry of a table: no name has more parts.
_MAX_PARTS: Final = 8
# Characters of a value in a message.
_SHOWN: Final = 60


@dataclass(frozen=True)
class ConfigIssue:
    """One thing wrong with the settings: where, which key, what it was, what is accepted."""

    place: str
    """``/etc/visaged/visaged.toml line 12``, ``environment VISAGED__…`` or ``--set``."""
    path: tuple[str | int, ...]
    """The key, part by part; empty when the whole source is meant."""
    value: str
    accepted: str

    @property
    def key(self) -> str:
        """The key as it is written with --set: ``livelink.fps``."""
        return ".".join(str(part) for part in self.path)

    def __str__(self) -> str:
        shown = f" = {self.value}" if self.value else ""
        return ": ".join(filter(None, (self.place, f"{self.key}{shown}", self.accepted)))


class ConfigError(Exception):
    """The settings cannot be used as a whole. ``issues`` lists why."""

    def __init__(self, issues: Sequence[ConfigIssue]) -> None:
        super().__init__("\n".join(map(str, issues)))
        self.issues = tuple(issues)


@dataclass(frozen=True)
class RawSettings:
    """The raw settings before validation, and where each came from."""

    path: Path | None
    text: str
    from_file: dict[str, Any]
    from_environment: dict[str, Any]
    from_command_line: dict[str, Any]

    def merged(self) -> dict[str, Any]:
        """All three, the later over the earlier."""
        return merge(merge(self.from_file, self.from_environment), self.from_command_line)


def find_file(path: Path | None) -> Path | None:
    """The file to read: ``path`` when given, else the default one when it exists, else none."""
    if path is not None:
        return path
    default = default_settings_path()
    return default if default.exists() else None


def read_source(path: Path | None, overrides: Sequence[str] = ()) -> RawSettings:
    """Read the file (none: no file), the environment and ``--set`` items. Raises ConfigError."""
    text = "" if path is None else _read_text(path)
    try:
        from_file = parse(text)
    except ValueError as error:
        raise ConfigError([ConfigIssue(str(path), (), "", str(error))]) from None
    return RawSettings(path, text, from_file, _from_environment(), _from_items(overrides))


def validate(source: RawSettings) -> Settings:
    """The settings that ``source`` stands for. Raises ConfigError with every issue."""
    data = source.merged()
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        issues: dict[tuple[str | int, ...], ConfigIssue] = {}
        for details in error.errors():
            # pydantic adds the branch of a union ("literal['auto']") to the path; what is not in the data is not a key.
            path = tuple(_known_part(data, details["loc"]))
            issue = _issue(source, path, details)
            if path in issues:
                issue = replace(issue, accepted=f"{issues[path].accepted}, or {issue.accepted}")
            issues[path] = issue
        raise ConfigError(tuple(issues.values())) from None


def load(path: Path | None, overrides: Sequence[str] = ()) -> Settings:
    """Read and validate in one step. Raises ConfigError."""
    return validate(read_source(path, overrides))


def merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """``high`` laid over ``low``, table by table."""
    result = dict(low)
    for key, value in high.items():
        below = result.get(key)
        result[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _read_text(path: Path) -> str:
    try:
        content = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise ConfigError([ConfigIssue(str(path), (), "", f"cannot be read: {error.strerror}")]) from None
    except ValueError as error:
        raise ConfigError([ConfigIssue(ascii(str(path)), (), "", f"cannot be the name of a file: {error}")]) from None
    if len(content) > MAX_BYTES:
        accepted = f"is over {MAX_BYTES >> 10} KiB; expected a TOML file of a few kB"
        raise ConfigError([ConfigIssue(str(path), (), "", accepted)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([ConfigIssue(str(path), (), "", f"is not UTF-8 text (byte {error.start})")]) from None


def _from_environment() -> dict[str, Any]:
    names = [name for name in os.environ if name.upper().startswith(_ENV_PREFIX)]
    for name in names:
        section, _, key = name[len(_ENV_PREFIX) :].lower().partition("__")
        value = os.environ[name]
        if section not in Settings.model_fields or not key:
            accepted = f"no such section; accepted: VISAGED__SECTION__KEY with {', '.join(Settings.model_fields)}"
            raise ConfigError([ConfigIssue(f"environment {name[:_SHOWN]}", (section,), _short(value), accepted)])
        if name.count("__") > _MAX_PARTS or len(value) > MAX_BYTES:
            accepted = f"expected at most {_MAX_PARTS} parts and {MAX_BYTES >> 10} KiB"
            raise ConfigError([ConfigIssue(f"environment {name[:_SHOWN]}", (section,), _short(value), accepted)])
    try:
        found = dict(EnvSettingsSource(Settings)())
        check_shape(found)
        return found
    except SettingsError as error:
        cause = f"not JSON: {error.__cause__ or error}"
    except ValueError as error:
        cause = str(error)
    except RecursionError:
        cause = "not JSON that can be meant: it nests too deeply"
    raise ConfigError([ConfigIssue(f"environment {', '.join(names)[:_SHOWN]}", (), "", cause)])


def _from_items(items: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for item in items:
        key, equals, value = item.partition("=")
        path = [part.strip() for part in key.split(".")]
        if not equals or not 2 <= len(path) <= _MAX_PARTS or not all(path):
            raise ConfigError(
                [ConfigIssue(f"--set {item[:_SHOWN]}", (), "", "expected section.key=value, such as livelink.fps=30")]
            )
        nested: Any = _toml_value(value.strip())
        for part in reversed(path):
            nested = {part: nested}
        result = merge(result, nested)
    return result


def _toml_value(text: str) -> Any:
    """What ``text`` means in TOML; a bare word is a string, so that nobody has to quote twice in a shell."""
    try:
        return parse(f"value = {text}")["value"] if "\n" not in text else text
    except ValueError:
        return text


def _issue(source: RawSettings, path: Sequence[str | int], details: ErrorDetails) -> ConfigIssue:
    if _holds(source.from_command_line, path):
        place = "--set"
    elif _holds(source.from_environment, path):
        place = f"environment {_ENV_PREFIX}{'__'.join(str(part) for part in path).upper()}"
    else:
        line = line_of(source.text, path)
        place = f"{source.path or 'settings'}" + (f" line {line}" if line else "")
    value = details["input"]
    shown = "a table" if isinstance(value, dict) else _short(value)
    return ConfigIssue(place, tuple(path), shown, _accepted(path, details))


def _accepted(path: Sequence[str | int], details: ErrorDetails) -> str:
    if details["type"] == "extra_forbidden":
        fields = _fields_of([str(part) for part in path[:-1]])
        return f"no such key; accepted here: {', '.join(fields)}"
    message = complaint(details)
    return message[:1].lower() + message[1:] + _missing_quotes(details)


def _missing_quotes(details: ErrorDetails) -> str:
    """What to add when a number stands where the same in quotes would be right: mqtt.protocol = 5."""
    value = details["input"]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    right = details["type"] == "string_type" or (details["type"] == "literal_error" and f"'{value}'" in details["msg"])
    return f'; its quotes are missing: "{value}"' if right else ""


def _fields_of(path: Sequence[str]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in path:
        annotation = model.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def _known_part(data: Any, path: Sequence[str | int]) -> list[str | int]:
    known: list[str | int] = []
    for part in path:
        entries = dict(enumerate(data)) if isinstance(data, list) else data
        if not isinstance(entries, dict) or part not in entries:
            break
        data = entries[part]
        known.append(part)
    return known


def _holds(data: Any, path: Sequence[str | int]) -> bool:
    return bool(path) and len(_known_part(data, path)) == len(path)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "…"
