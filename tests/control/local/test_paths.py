from __future__ import annotations

from pathlib import Path

import pytest

from visaged.control.local import paths


def test_systemds_runtime_directory_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/one:/run/two")
    assert paths.bind_path() == Path("/run/one/control.sock")
    assert paths.search_paths()[:2] == (Path("/run/one/control.sock"), Path("/run/visaged/control.sock"))


def test_a_user_binds_in_his_own_directory_and_finds_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert paths.bind_path() == Path("/run/user/1000/visaged/control.sock")
    assert Path("/run/visaged/control.sock") in paths.search_paths()
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert paths.bind_path() == Path("/tmp/visaged-1000/control.sock")


def test_root_binds_for_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert paths.bind_path() == Path("/run/visaged/control.sock")
