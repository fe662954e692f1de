"""Safe mode: what to run with when the settings are broken. A broken file never stops the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visaged.config.load import ConfigError, ConfigIssue, RawSettings, find_file, read_source, validate
from visaged.config.schema import Settings


@dataclass(frozen=True)
class Loaded:
    """Settings to run with; ``issues`` is not empty in safe mode."""

    settings: Settings
    issues: tuple[ConfigIssue, ...]
    path: Path | None
    """The file that was read, None when there is none: the embedded default."""

    @property
    def safe_mode(self) -> bool:
        """Whether something was wrong and the face runs on idle."""
        return bool(self.issues)


def load_or_safe(path: Path | None, overrides: Sequence[str] = ()) -> Loaded:
    """Load the settings; when they are broken, keep every key that is sound and run idle, without audio input."""
    found = find_file(path)
    try:
        source = read_source(found, overrides)
    except ConfigError as error:
        return Loaded(_idle(_without_file(overrides)), error.issues, found)
    try:
        return Loaded(validate(source), (), found)
    except ConfigError as error:
        return Loaded(_idle(_sound_part(source.merged(), error.issues)), error.issues, found)


def _without_file(overrides: Sequence[str]) -> Settings:
    """What stands in the environment and on the command line counts however broken the file is."""
    try:
        source = read_source(None, overrides)
    except ConfigError:
        return Settings.model_validate({})
    try:
        return validate(source)
    except ConfigError as error:
        return _sound_part(source.merged(), error.issues)


def _sound_part(data: dict[str, Any], issues: Sequence[ConfigIssue]) -> Settings:
    # Taking keys out can bring up errors that those hid (a table is checked as a whole only when its keys are right),
    # so again, until nothing is wrong; each round takes something out.
    while issues:
        # Last items first: taking one out of a list must not move those still to be taken out.
        for issue in sorted(issues, key=lambda issue: [str(part).zfill(4) for part in issue.path], reverse=True):
            _take_out(data, issue.path)
        try:
            return validate(RawSettings(None, "", data, {}, {}))
        except ConfigError as error:
            issues = error.issues
    return Settings.model_validate(data)


def _take_out(data: Any, path: Sequence[str | int]) -> None:
    for part in path[:-1]:
        data = data[part]
    del data[path[-1]]


def _idle(settings: Settings) -> Settings:
    silent = settings.audio.input.model_copy(update={"backend": "none"})
    return settings.model_copy(update={"audio": settings.audio.model_copy(update={"input": silent})})
