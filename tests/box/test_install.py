"""make install and make uninstall into a tree of its own; the program itself is stood in for by a stamp."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.box.tree import ROOT, find_obstacle, make_tree

# All boxes are booted from the one tree in build/box, which the first call makes (minutes).
pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, by links, of what `make install DESTDIR=…` made for the box: its own files without the Debian."""
    obstacle = find_obstacle()
    if obstacle is not None:
        pytest.skip(obstacle)
    tree, folder = make_tree(), tmp_path_factory.mktemp("tree")
    for name in ("opt/visaged", "etc/visaged"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(("cp", "-al", str(tree / name), str(folder / name)), check=True)
    # The settings are written to: not through a link.
    config = folder / "etc/visaged/visaged.toml"
    text = config.read_text()
    config.unlink()
    config.write_text(text)
    return folder


def _make(target: str, tree: Path, **more: str) -> subprocess.CompletedProcess[str]:
    words = ["PREFIX=/usr", "PYTHON=/usr/bin/python3", *(f"{key}={value}" for key, value in more.items())]
    return subprocess.run(
        ("./install.sh", target),
        cwd=ROOT,
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DESTDIR": str(tree),
            **dict(word.split("=", 1) for word in words),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_second_install_does_nothing_and_keeps_the_settings(installed: Path) -> None:
    config = installed / "etc/visaged/visaged.toml"
    config.write_text("[face]\nintensity = 0.9\n")
    made = (installed / "opt/visaged/bin/python").lstat().st_mtime_ns
    done = _make("install", installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "up to date" in done.stdout
    assert "keeping /etc/visaged/visaged.toml" in done.stdout
    assert config.read_text() == "[face]\nintensity = 0.9\n"
    assert (installed / "opt/visaged/bin/python").lstat().st_mtime_ns == made
    wants = installed / "etc/systemd/system/multi-user.target.wants/visaged.service"
    assert str(wants.readlink()) == "/usr/lib/systemd/system/visaged.service"


def test_nothing_in_it_names_the_place_where_it_was_made(installed: Path) -> None:
    first = (installed / "opt/visaged/bin/visaged").read_text().splitlines()[0]
    assert first == "#!/opt/visaged/bin/python"
    assert "build/box" not in (installed / "opt/visaged/pyvenv.cfg").read_text()


def test_a_gpu_is_let_in_and_out_again(installed: Path) -> None:
    drop_in = installed / "usr/lib/systemd/system/visaged.service.d/nvidia.conf"
    assert _make("install", installed, NVIDIA="yes").returncode == 0
    assert "char-nvhost*" in drop_in.read_text()
    assert _make("install", installed, NVIDIA="no").returncode == 0
    assert not drop_in.exists()


def test_what_runs_stays_when_the_new_program_cannot_be_made(installed: Path) -> None:
    stamp = installed / "opt/visaged/.made-from"
    before = stamp.read_text()
    stamp.unlink()
    stamp.write_text("other sources\n")
    done = _make("install", installed, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert done.returncode == 1
    assert "Nothing was changed" in done.stderr
    assert (installed / "opt/visaged/bin/visaged").exists()
    assert [path.name for path in (installed / "opt").iterdir()] == ["visaged"]
    stamp.write_text(before)


def test_an_extra_that_is_none_changes_nothing(installed: Path) -> None:
    done = _make("install", installed, EXTRAS="clean,dev")
    assert done.returncode == 1
    assert "EXTRAS=clean,dev: dev is none of build, clean, gpu" in done.stderr


@pytest.mark.parametrize(
    ("python", "words"), [("/usr/bin/none", "there is no /usr/bin/none"), ("/bin/false", "too old")]
)
def test_a_python_that_cannot_be_used(installed: Path, python: str, words: str) -> None:
    done = _make("install", installed, PYTHON=python)
    assert done.returncode == 1
    assert words in done.stderr


def test_uninstall_keeps_what_is_the_owners_and_purge_does_not(installed: Path) -> None:
    assert _make("uninstall", installed).returncode == 0
    assert _make("uninstall", installed).returncode == 0, "twice is no error"
    left = [path for path in installed.rglob("*") if path.is_file() or path.is_symlink()]
    assert left == [installed / "etc/visaged/visaged.toml"]
    assert _make("purge", installed).returncode == 0
    assert not (installed / "etc/visaged").exists()
