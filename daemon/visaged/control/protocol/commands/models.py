"""Commands about model packages: list, select, install."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from visaged.control.protocol.commands.download import FETCH_S, Download
from visaged.control.protocol.envelope import ENGINE_S, Data, Nothing, Request, SlowCommand
from visaged.text_form import ModelName, ModelVersion

Kind = Literal["lipsync", "neurosync", "mimi-encoder", "mimi-decoder"]


class ModelsList(Request):
    """Which model packages are on this box."""


class ModelEntry(Data):
    """One package."""

    kind: Kind
    name: str
    version: str
    precisions: tuple[str, ...]
    selected: bool
    problem: str | None = Field(default=None, description="Why it cannot be used")


class ModelsListed(Data):
    """All packages that were found."""

    models: tuple[ModelEntry, ...]


class ModelsSelect(Request):
    """Use another package; the one before it stays in use when that fails."""

    name: ModelName
    version: ModelVersion | None = Field(default=None, description="null: the highest")
    precision: Literal["auto", "fp32", "fp16", "int8"] = "auto"


class ModelSelected(Data):
    """What runs now."""

    kind: Kind
    name: str
    version: str
    precision: str
    providers: tuple[str, ...] = Field(description="What the session really uses")


class ModelsInstall(Download):
    """Fetch, verify and install a model package (zip); it is used once models.select names it."""


class ModelsRemove(Request):
    """Remove a model package from the box; not the one that runs, and not what ships with the program."""

    name: ModelName
    version: ModelVersion


class ModelInstalled(Data):
    """The package as it is now on the box."""

    kind: Kind
    name: str
    version: str


MODELS_LIST = SlowCommand(
    "models.list", "Model packages on this box", ModelsList, ModelsListed, '{"transaction": "t22"}'
)
MODELS_SELECT = SlowCommand(
    "models.select",
    "Use another model package",
    ModelsSelect,
    ModelSelected,
    '{"transaction": "t23", "name": "lipsync"}',
    patience_s=ENGINE_S,
)
MODELS_INSTALL = SlowCommand(
    "models.install",
    "Fetch and install a model package",
    ModelsInstall,
    ModelInstalled,
    '{"transaction": "t24", "url": "https://packs.example/lipsync-1.2.0.zip", "sha256": "' + "0" * 64 + '"}',
    patience_s=FETCH_S,
)
MODELS_REMOVE = SlowCommand(
    "models.remove",
    "Remove a model package",
    ModelsRemove,
    Nothing,
    '{"transaction": "t30", "name": "lipsync", "version": "1.2.0"}',
)
