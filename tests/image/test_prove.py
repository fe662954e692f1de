"""Good, bad, or left alone: what prove.py does with a slot. rauc and systemctl are scripts that note their calls."""

from __future__ import annotations

import base64
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from visaged.control.local.client import NoDaemon

_LIBRARY = Path(__file__).parents[2] / "image" / "files" / "usr" / "lib" / "visaged-image"


class FakeClient:
    """A daemon that answers with ``curves``, or is not there."""

    curves: np.ndarray[Any, Any] | None = None

    def __enter__(self) -> FakeClient:
        if self.curves is None:
            raise NoDaemon("none")
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, command: str, **_: object) -> dict[str, Any]:
        """As the command ``snapshot`` answers."""
        assert command == "snapshot" and self.curves is not None
        data = base64.b64encode(self.curves.astype("<f2").tobytes()).decode()
        return {"frames": len(self.curves), "names": [""] * 61, "curves_base64": data}


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """The scripts of the image, as modules."""
    monkeypatch.syspath_prepend(str(_LIBRARY))
    yield importlib.import_module
    for name in ("face", "prove"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("curves", "moved"),
    [
        (None, False),
        (np.zeros((60, 61)), False),
        (np.zeros((0, 61)), False),
        (np.linspace(0, 0.1, 5 * 61).reshape(5, 61), False),
        (np.linspace(0, 0.1, 60 * 61).reshape(60, 61), True),
    ],
)
def test_a_face_has_moved_when_its_curves_differ(
    modules: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    curves: np.ndarray[Any, Any] | None,
    moved: bool,
) -> None:
    face = modules("face")
    monkeypatch.setattr(face, "ControlClient", FakeClient)
    monkeypatch.setattr(FakeClient, "curves", curves)
    assert face.has_moved() is moved


@pytest.mark.parametrize(
    "case",
    [
        (True, "", ["rauc status mark-good"], 0),
        (True, "1.1\n", ["rauc status mark-good"], 0),
        (False, "", ["rauc status mark-bad", "systemctl --no-block reboot"], 1),
        (False, "1.0\n", ["rauc status mark-bad", "systemctl --no-block reboot"], 1),
        (False, "1.0\n1.1\n", [], 1),
    ],
)
def test_the_slot_is_marked(
    modules: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    case: tuple[bool, str, list[str], int],
) -> None:
    moves, known, calls, code = case
    log = tmp_path / "calls"
    log.touch()
    for name in ("rauc", "systemctl"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho "{name} $*" >>"{log}"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    prove = modules("prove")
    version, proven = tmp_path / "version", tmp_path / "proven"
    version.write_text("1.1\n")
    if known:
        proven.write_text(known)
    monkeypatch.setattr(prove, "_VERSION", version)
    monkeypatch.setattr(prove, "_PROVEN", proven)
    monkeypatch.setattr(prove, "wait_until_it_moves", lambda _timeout_s: moves)
    assert prove.main() == code
    assert log.read_text().splitlines() == calls
    if moves:
        assert "1.1" in proven.read_text().splitlines()
        assert proven.read_text().splitlines().count("1.1") == 1
