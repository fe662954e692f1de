"""Which files PyPI, and PyTorch's own index, have of a package. For renewing the locks only."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Final

INDEX: Final = "https://pypi.org/simple"
TORCH_INDEX: Final = "https://download.pytorch.org/whl/cpu"
_TIMEOUT_S: Final = 60
_LINK: Final = re.compile(r'href="[^"#]*/(?P<name>[^"/#]+\.whl)#sha256=(?P<sha256>[0-9a-f]{64})"')


class IndexUnreadable(Exception):
    """An index could not be asked; the text says which and why."""


def _get(url: str, accept: str) -> bytes:
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            return bytes(answer.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise IndexUnreadable(f"{url} cannot be read: {error}") from error


def files_of(name: str) -> dict[str, str]:
    """Every file of a package on PyPI: its name -> sha256."""
    listing: dict[str, Any] = json.loads(_get(f"{INDEX}/{name}/", "application/vnd.pypi.simple.v1+json"))
    return {file["filename"]: file["hashes"]["sha256"] for file in listing["files"]}


def torch_cpu_files() -> dict[str, str]:
    """Every CPU build of torch on PyTorch's index: its name -> sha256."""
    page = _get(f"{TORCH_INDEX}/torch/", "text/html").decode()
    return {urllib.parse.unquote(found["name"]): found["sha256"] for found in _LINK.finditer(page)}
