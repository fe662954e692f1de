"""Who may change a setting, and when a change takes effect: one marker per setting, declared in the schema.

A setting without a marker may be changed by ``config.set`` and takes effect at once. What opens the microphone to
others, sends sound or a password elsewhere, or names a local file or device, is for whoever can edit the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Authority:
    """The marker, in ``Annotated``."""

    remote: bool
    """``config.set`` may change it, over MQTT or the local socket; else only the file, the environment, ``--set``."""
    live: bool
    """It takes effect while the daemon runs; else at the next start."""

    def __str__(self) -> str:
        """``file, restart``; empty where nothing is special."""
        return ", ".join(word for word, holds in (("file", not self.remote), ("restart", not self.live)) if holds)


REMOTE: Final = Authority(remote=True, live=True)
AT_RESTART: Final = Authority(remote=True, live=False)
FILE: Final = Authority(remote=False, live=True)
FILE_AT_RESTART: Final = Authority(remote=False, live=False)


def authorities(model: type[BaseModel], prefix: str = "") -> dict[str, Authority]:
    """The marker of every setting of ``model``, by its key: ``codec.enabled``."""
    found: dict[str, Authority] = {}
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found |= authorities(section, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = _of(field)
    return found


def in_effect(running: Model, wanted: Model) -> Model:
    """``wanted``, with the values of ``running`` where only a restart brings new ones."""
    kept: dict[str, object] = {}
    for name, field in type(wanted).model_fields.items():
        before, after = getattr(running, name), getattr(wanted, name)
        if isinstance(before, BaseModel) and isinstance(after, BaseModel):
            kept[name] = in_effect(before, after)
        elif not _of(field).live:
            kept[name] = before
    return wanted.model_copy(update=kept)


def _of(field: FieldInfo) -> Authority:
    return next((mark for mark in field.metadata if isinstance(mark, Authority)), REMOTE)
