from __future__ import annotations

import os
from pathlib import Path

import pytest

from visaged import instance
from visaged.app.recorder import recordings_folder
from visaged.cli.main import main
from visaged.config import LiveLinkSettings, Settings
from visaged.config.default import default_toml
from visaged.config.identity import default_device_id
from visaged.config.load import find_file
from visaged.control.local.paths import bind_path, search_paths
from visaged.instance import InstanceError, check_name


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (instance.VARIABLE, "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR"):
        # Set, so that what the code sets is taken back, too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_without_a_name_everything_is_where_it_was() -> None:
    assert instance.default_settings_path() == Path("/etc/visaged/visaged.toml")
    assert instance.unit_name() == "visaged.service"
    assert Settings().web.port == 8880
    assert LiveLinkSettings().subject == "visaged"
    assert default_device_id().count("-") == 1


def test_a_name_gives_each_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(instance.VARIABLE, "left")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    settings = Settings()
    assert instance.default_settings_path() == Path("/etc/visaged/instances/left.toml")
    assert instance.unit_name() == "visaged@left.service"
    assert settings.device.id.endswith("-left")
    assert settings.livelink.subject == "left"
    assert 8881 <= settings.web.port <= 8979
    assert bind_path().parent.name.endswith("-left")
    assert all("-left" in str(path) for path in search_paths())
    assert recordings_folder() == Path("/state/visaged-left/recordings")
    assert f"# port = {settings.web.port}" in default_toml()


@pytest.mark.parametrize("words", [["--instance", "left"], ["--instance=left"]])
@pytest.mark.parametrize("before", [True, False])
def test_it_counts_before_and_after_the_command(
    words: list[str], before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "config", "show"] if before else ["config", "show", *words]) == 0
    assert 'subject = "left"' in capsys.readouterr().out
    assert os.environ[instance.VARIABLE] == "left"
    assert find_file(None) is None


@pytest.mark.parametrize("name", ["", "../x", "a b", "-a", "a" * 33, "ä", "a/b"])
def test_a_name_that_could_be_a_path_is_none(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InstanceError, match="expected 1 to 32 letters"):
        check_name(name)
    assert main(["--instance", name, "config", "show"]) == 2
    assert "expected 1 to 32 letters" in capsys.readouterr().err


def test_what_comes_after_two_dashes_is_not_ours() -> None:
    with pytest.raises(SystemExit):
        main(["config", "show", "--", "--instance", "left"])
    assert instance.VARIABLE not in os.environ


def test_looking_at_another_is_over_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(instance.VARIABLE, "left")
    with instance.looking_at("right"):
        assert instance.instance_name() == "right"
    with instance.looking_at(""):
        assert instance.instance_name() == ""
    assert instance.instance_name() == "left"
