"""The completion script in a real bash."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from visaged.cli.completion import completion
from visaged.cli.main import COMMANDS

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "visaged"
    path.write_text(completion("bash"), encoding="utf-8")
    return path


def _offered(script: Path, *words: str, folder: Path | None = None) -> set[str]:
    """What Tab offers after ``words``, the last of which is only begun."""
    # compopt works in a completion only; here the function is called as bash would call it.
    program = """
        source "$1"; shift
        compopt() { :; }
        COMP_WORDS=(visaged "$@"); COMP_CWORD=$#
        _shtab_visaged visaged "${COMP_WORDS[COMP_CWORD]}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    command = ["bash", "--norc", "-c", program, "bash", str(script), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    assert not done.stderr
    return set(done.stdout.split())


def test_every_command(script: Path) -> None:
    assert _offered(script, "") >= set(COMMANDS)
    assert _offered(script, "--") == {"--help", "--instance", "--version"}


def test_commands_and_options_of_a_command(script: Path) -> None:
    assert _offered(script, "capsules", "pl") == {"play"}
    assert _offered(script, "run", "--ta") == {"--target"}
    assert _offered(script, "send", "capsule.p") == {"capsule.play", "capsule.prefetch", "capsule.pin"}
    assert "--target" not in _offered(script, "monitor", "--")


def test_only_the_words_that_are_accepted(script: Path) -> None:
    assert _offered(script, "capsules", "import", "x.csv", "--blend-mode", "") == {"additive", "override"}
    assert "capsule.play" in _offered(script, "fleet", "--broker", "b.local", "send", "capsule.")


def test_files_where_a_file_is_meant(script: Path, tmp_path: Path) -> None:
    (tmp_path / "box.toml").touch()
    assert _offered(script, "run", "--config", "b", folder=tmp_path) == {"box.toml"}
    assert _offered(script, "config", "check", "b", folder=tmp_path) == {"box.toml"}
    assert _offered(script, "run", "--solver", "b", folder=tmp_path) == set()


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_reads_it(tmp_path: Path) -> None:
    script = tmp_path / "_visaged"
    script.write_text(completion("zsh"), encoding="utf-8")
    program = 'autoload -Uz compinit && compinit -D -d "$1" && source "$2" && whence -w _shtab_visaged'
    command = ["zsh", "-f", "-c", program, "zsh", str(tmp_path / "dump"), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["_shtab_visaged:", "function"], done.stderr
