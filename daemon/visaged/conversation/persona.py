"""Personas: who the avatar is in a conversation. One TOML file each; six ship with this package.

::

    title = "host"
    instructions = "You welcome guests …"
    greeting = "Hello! How can I help?"
    language = "en"
    profile = "friendly_host"
    emotion = { valence = 0.4, arousal = 0.2, dominance = 0.1 }

    [voice]                      # per brain or engine
    realtime = "marin"
    espeak = "en-gb"

    [cues]                       # a tag in the answer -> a capsule
    smile = "VF_SMILE_WARM"
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visaged.config.voice.conversation import ConversationSettings, PersonaName
from visaged.conversation.brains.protocol import Script
from visaged.conversation.cues import Cues
from visaged.files import read_bounded
from visaged.id_packet import Cid, ProfileName
from visaged.printable import printable
from visaged.text_form import complaint, form

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHIPPED: Final = Path(__file__).parent / "personas"
OWN: Final = Path("/etc/visaged/personas")
"""The box's own; a file there comes before one of the same name that ships."""

_MAX_BYTES: Final = 64 * 1024

Level = Annotated[float, Field(ge=-1, le=1)]


class PersonaError(ValueError):
    """Why there is no such persona: one sentence."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PersonaMood(_Table):
    """Where the mood falls back to."""

    valence: Level = 0.0
    arousal: Level = 0.0
    dominance: Level = 0.0


class Persona(_Table):
    """One file."""

    title: str = Field(min_length=1, max_length=200)
    instructions: str = Field(max_length=16_000)
    greeting: str = Field(default="", max_length=1000)
    language: Annotated[str, form(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$|^$", "a language code such as en or pt-BR")] = ""
    voice: dict[str, Annotated[str, Field(max_length=256)]] = Field(default={}, max_length=16)
    profile: ProfileName | None = None
    emotion: PersonaMood | None = None
    cues: dict[Annotated[str, form(r"^[a-z][a-z_]{0,31}$", "a small letter and up to 31 of a-z and '_'")], Cid] = Field(
        default={}, max_length=64
    )


def load(name: PersonaName, folders: tuple[Path, ...] = (OWN, SHIPPED)) -> Persona:
    """The persona of that name. Raises PersonaError."""
    path = next((found for folder in folders if (found := folder / f"{name}.toml").is_file()), None)
    if path is None:
        raise PersonaError(f"there is no persona '{name}'; there are {', '.join(names(folders))}")
    return read(path)


def read(path: Path) -> Persona:
    """The persona in ``path``. Raises PersonaError."""
    try:
        data = tomllib.loads(read_bounded(path, _MAX_BYTES).decode())
        return Persona.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        said = complaint(first)
        raise PersonaError(f"{path}: {key}: {printable(said)}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise PersonaError(f"{path}: {printable(str(error))}") from None


def names(folders: tuple[Path, ...] = (OWN, SHIPPED)) -> list[str]:
    """All that can be loaded, sorted."""
    return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.toml")})


def script_of(persona: Persona, settings: ConversationSettings, cues: Cues) -> Script:
    """What the brain is told of its part."""
    return Script(
        persona.instructions.strip(),
        persona.greeting if settings.greet else "",
        persona.language,
        settings.voice or persona.voice.get(settings.brain, ""),
        cues.tools(),
        cues.tags,
        cues.take_out,
    )
