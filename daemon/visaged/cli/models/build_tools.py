"""Finds what makes packages: the ``models`` folder of the checkout (it is not in the wheel), and torch for it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

import visaged

# The checkout that this package runs from, then where the appliance image keeps the build side.
PLACES: Final = (Path(visaged.__file__).parents[2], Path("/usr/share/visaged/build"))


class ToolsMissing(Exception):
    """This machine cannot make packages; says what is missing and how to get it."""


def load(
    room: str, module: str, needs: Sequence[str] = ("torch", "onnx"), places: Sequence[Path] = PLACES
) -> ModuleType:
    """The module ``models.<room>.<module>``, with the Python packages ``needs`` at hand. Raises ToolsMissing."""
    place = next((place for place in places if (place / "models" / room / "__init__.py").is_file()), None)
    if place is None:
        looked = " and ".join(str(place / "models" / room) for place in places)
        raise ToolsMissing(
            f"the build side of visaged is not on this machine (looked for {looked}). Make the package in a checkout "
            "of the repository, then bring it here: visaged models import DIR"
        )
    missing = [name for name in needs if importlib.util.find_spec(name) is None]
    if missing:
        raise ToolsMissing(
            f"making a package takes {', '.join(missing)}, which {sys.executable} does not have: "
            f"{sys.executable} -m pip install {' '.join(missing)}. Or make the package on another machine, then bring "
            "it here: visaged models import DIR"
        )
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))
    return importlib.import_module(f"models.{room}.{module}")
