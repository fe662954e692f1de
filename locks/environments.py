"""Which lock file stands for which part of pyproject.toml, and whether it still does."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER: Final = Path(__file__).resolve().parent
PYPROJECT: Final = FOLDER.parent / "pyproject.toml"
DIGEST_LINE: Final = "# pyproject.toml: "
# torch's CPU build is no file of PyPI: it has a lock of its own; what it needs is in those that need it.
TORCH_LOCK: Final = FOLDER / "torch.txt"

Pyproject = Mapping[str, Any]


@dataclass(frozen=True)
class Environment:
    """One lock file: what it is made from, and which other one it adds to."""

    name: str
    extras: tuple[str, ...] = ()
    group: str | None = None
    base: str | None = None
    # Alone: without its dependencies, because its own word on them cannot be taken.
    alone: bool = False

    @property
    def path(self) -> Path:
        """The lock file."""
        return FOLDER / f"{self.name}.txt"

    @property
    def below(self) -> list[str]:
        """The environments that this one adds to, nearest first."""
        return [self.base, *_BY_NAME[self.base].below] if self.base else []

    def requirements(self, pyproject: Pyproject) -> list[str]:
        """What pyproject.toml asks for here, sorted; the base's own included."""
        if self.group is not None:
            return sorted(pyproject["dependency-groups"][self.group])
        project = pyproject["project"]
        wanted = set(project["dependencies"])
        for extra in self.extras:
            wanted.update(project["optional-dependencies"][extra])
        return sorted(wanted)

    def digest(self, pyproject: Pyproject) -> str:
        """Changes whenever pyproject.toml asks for something else here."""
        asked = [pyproject["project"]["requires-python"], self.requirements(pyproject)]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


# A base comes before what adds to it.
ENVIRONMENTS: Final = (
    Environment("run"),
    Environment("clean", extras=("clean",), base="run"),
    Environment("media", extras=("media",), base="run"),
    Environment("gpu", extras=("gpu",), base="run"),
    Environment("build", extras=("build",), base="run"),
    Environment("test", extras=("dev",), base="run"),
    Environment("peers", extras=("dev", "peers"), base="test"),
    Environment("moshi", group="moshi", alone=True),
    Environment("compile", group="compile"),
    Environment("lock", group="lock"),
)
_BY_NAME: Final = {environment.name: environment for environment in ENVIRONMENTS}


def read_pyproject(path: Path = PYPROJECT) -> Pyproject:
    """pyproject.toml as it is now."""
    pyproject: Pyproject = tomllib.loads(path.read_text())
    return pyproject


def recorded_digest(text: str) -> str:
    """The digest that a lock file was written with; empty if it has none."""
    return next((line[len(DIGEST_LINE) :] for line in text.splitlines() if line.startswith(DIGEST_LINE)), "")


def torch_version(pyproject: Pyproject) -> str:
    """The one version of torch that the peers are compared with, which the lock holds for everything."""
    for requirement in pyproject["project"]["optional-dependencies"]["peers"]:
        name, _, version = requirement.partition("==")
        if name == "torch":
            return str(version)
    raise ValueError("pyproject.toml: the extra peers must pin torch (torch==VERSION)")
