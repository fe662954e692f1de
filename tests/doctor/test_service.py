from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from visaged.doctor import service
from visaged.doctor.finding import Finding
from visaged.system.folders import FolderTrouble

GOOD = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "NRestarts": "0",
    "Result": "success",
    "WatchdogUSec": "3s",
    "StatusText": "60 fps to 127.0.0.1:11111",
    "NeedDaemonReload": "no",
    "LimitRTPRIO": "20",
}


def _findings(root: Path, **changes: str) -> dict[str, Finding]:
    return {finding.subject: finding for finding in service.check(lambda: GOOD | changes, root)}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A box whose service user is whoever runs the tests; its keys belong to another (by the book: to root)."""
    own = pwd.getpwuid(os.getuid())
    monkeypatch.setattr(pwd, "getpwnam", lambda name: own)
    for folder in ("etc/visaged", "var/lib/visaged"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_a_box_as_it_should_be(root: Path) -> None:
    found = _findings(root)
    assert {name: finding.verdict for name, finding in found.items()} == {
        "service": "ok",
        "watchdog": "ok",
        "service files": "ok",
    }
    assert "60 fps" in found["service"].text


@pytest.mark.parametrize(
    ("changes", "subject", "verdict", "words"),
    [
        ({"ActiveState": "failed", "Result": "exit-code"}, "service", "fail", "exit-code"),
        ({"ActiveState": "inactive"}, "service", "warn", "inactive"),
        ({"UnitFileState": "disabled"}, "service", "warn", "at boot"),
        ({"NRestarts": "3"}, "service", "warn", "3 times"),
        ({"NeedDaemonReload": "yes"}, "service", "warn", "have changed"),
        ({"WatchdogUSec": "0"}, "watchdog", "warn", "off"),
        ({"LimitRTPRIO": "0"}, "watchdog", "warn", "realtime"),
    ],
)
def test_what_is_not_as_it_should_be(
    root: Path, changes: dict[str, str], subject: str, verdict: str, words: str
) -> None:
    finding = _findings(root, **changes)[subject]
    assert finding.verdict == verdict
    assert words in finding.text
    assert finding.remedy


def test_keys_that_the_service_could_change(root: Path) -> None:
    (root / "etc/visaged/keys").mkdir()
    finding = _findings(root)["service files"]
    assert finding.verdict == "fail"
    assert "keys" in finding.text


def test_no_user(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(name: str) -> pwd.struct_passwd:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", nobody)
    assert _findings(root)["service files"].verdict == "fail"


def test_folders_of_somebody_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = pwd.struct_passwd(("visaged", "x", os.getuid() + 1, 0, "", "/", "/bin/false"))
    monkeypatch.setattr(pwd, "getpwnam", lambda name: other)
    finding = _findings(root)["service files"]
    assert finding.verdict == "fail"
    assert "chown visaged:visaged /etc/visaged" in finding.remedy


def test_a_folder_that_cannot_be_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "trouble", lambda folder: FolderTrouble("lies on a full disk", "make room"))
    finding = _findings(root)["service files"]
    assert finding.verdict == "fail"
    assert finding.text == "/etc/visaged lies on a full disk"
    assert finding.remedy == "Make room"


def test_nothing_is_said_where_it_is_not_installed(root: Path) -> None:
    assert _findings(root, LoadState="not-found") == {}
    assert list(service.check(lambda: None, root)) == []
    list(service.check())
