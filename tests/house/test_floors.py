"""The architecture test can fail: every form of a forbidden import is seen and named with its rule."""

from __future__ import annotations

import pytest

from tests.house.floors import fault_of, imports_of


def _faults(importer: str, source: str) -> list[str]:
    return [fault for found in imports_of(source, importer) if (fault := fault_of(found))]


@pytest.mark.parametrize(
    "source",
    [
        "import visaged.cli.main",
        "from visaged import cli",
        "def later():\n    from visaged.cli.main import main",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from visaged.app.daemon import Daemon",
        "import importlib\nimportlib.import_module('visaged.app.daemon')",
        "import importlib\nimportlib.import_module(f'visaged.cli.{name}')",
        "_MAIN = 'import sys; from visaged.app.daemon import main; main()'",
        "import sys\ncommand = (sys.executable, '-m', 'visaged', 'run')",
    ],
)
def test_every_form_of_an_import_from_above_is_seen(source: str) -> None:
    assert [fault.split(": ")[-1] for fault in _faults("visaged.outputs.output", source)] == [
        "a room imports only rooms on lower floors."
    ]


@pytest.mark.parametrize(
    ("importer", "target", "rule"),
    [
        ("visaged.files", "visaged.console.tables", "is above the ground"),
        ("visaged.audio.ring", "visaged.control.wake", "siblings do not know each other"),
        ("visaged.web.page", "visaged.control.mqtt.link", "knows control.protocol, control.local, outputs"),
        ("visaged.web.page", "visaged.app.stages", "knows control.protocol, control.local, outputs"),
        ("visaged.control.protocol.topics", "visaged.control.mqtt.link", "the part control.protocol does not know"),
        ("visaged.app.daemon", "models.mimi.importing", "a box has no build side"),
        ("models.mimi.importing", "visaged.cli.models.mimi", "is above models"),
    ],
)
def test_the_rule_is_named(importer: str, target: str, rule: str) -> None:
    (fault,) = _faults(importer, f"import {target}")
    assert fault.startswith(f"{importer} (line 1) imports {target}, ")
    assert rule in fault


@pytest.mark.parametrize(
    ("importer", "target"),
    [
        ("visaged.app.daemon", "visaged.conversation.mode"),
        ("visaged.control.mqtt.link", "visaged.control.protocol.topics"),
        ("visaged.system.notify", "visaged.__version__"),
        ("visaged.web.page", "visaged.control.protocol.topics"),
        ("visaged.cli.models.mimi", "models.mimi.importing"),
        ("visaged.__main__", "visaged.cli"),
        ("visaged.face.factory", "visaged.face.neurosync.factory"),
    ],
)
def test_what_is_allowed_passes(importer: str, target: str) -> None:
    assert _faults(importer, f"import {target}") == []


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(AssertionError, match="relative ones hide the room"):
        list(imports_of("from . import ring", "visaged.audio.capture"))


def test_a_room_without_a_floor_is_refused() -> None:
    with pytest.raises(AssertionError, match="has no floor"):
        fault_of(next(imports_of("import visaged.face.stage", "visaged.tests.stage")))
