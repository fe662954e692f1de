"""Load the settings: the TOML file, over it the environment, over that ``--set``; every error names its place.

A value from anywhere is validated once, as one whole; nothing is half-applied.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, SettingsError

from visaged.config.locate import line_of
from visaged.config.schema import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_PATH: Final = Path("/etc/visaged/visaged.toml")

# A settings file is a few kB; anything larger is not one.
_MAX_BYTES: Final = 1 << 20

_ENV_PREFIX: Final = "VISAGED__"


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
    return path if path is not None else DEFAULT_PATH if DEFAULT_PATH.exists() else None


def read_source(path: Path | None, overrides: Sequence[str] = ()) -> RawSettings:
    """Read the file (none: no file), the environment and ``--set`` items. Raises ConfigError."""
    text = "" if path is None else _read_text(path)
    try:
        from_file = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([ConfigIssue(str(path), (), "", f"is not TOML: {error}")]) from None
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
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise ConfigError([ConfigIssue(str(path), (), "", "is over 1 MiB; expected a TOML file of a few kB")])
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([ConfigIssue(str(path), (), "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([ConfigIssue(str(path), (), "", f"is not UTF-8 text (byte {error.start})")]) from None


def _from_environment() -> dict[str, Any]:
    names = [name for name in os.environ if name.upper().startswith(_ENV_PREFIX)]
    for name in names:
        section, _, key = name[len(_ENV_PREFIX) :].lower().partition("__")
        if section not in Settings.model_fields or not key:
            accepted = f"no such section; accepted: VISAGED__SECTION__KEY with {', '.join(Settings.model_fields)}"
            raise ConfigError([ConfigIssue(f"environment {name}", (section,), os.environ[name], accepted)])
    try:
        return dict(EnvSettingsSource(Settings)())
    except SettingsError as error:
        cause = f"{error.__cause__ or error}"
        raise ConfigError([ConfigIssue(f"environment {', '.join(names)}", (), "", f"not JSON: {cause}")]) from None


def _from_items(items: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for item in items:
        key, equals, value = item.partition("=")
        path = [part.strip() for part in key.split(".")]
        if not equals or len(path) < 2 or not all(path):
            raise ConfigError(
                [ConfigIssue(f"--set {item}", (), "", "expected section.key=value, such as livelink.fps=30")]
            )
        nested: Any = _toml_value(value.strip())
        for part in reversed(path):
            nested = {part: nested}
        result = merge(result, nested)
    return result


def _toml_value(text: str) -> Any:
    """What ``text`` means in TOML; a bare word is a string, so that nobody has to quote twice in a shell."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
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
    message = details["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


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
    return text if len(text) <= 60 else text[:57] + "…"
