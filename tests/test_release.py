"""release.sh in a clone of its own: what it refuses, and a wheel with its sum and tag."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_GIT = ("git", "-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with what a release looks at, committed."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("pyproject.toml", "release.sh", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    package = folder / "daemon/visaged"
    package.mkdir(parents=True)
    shutil.copy(ROOT / "daemon/visaged/__init__.py", package)
    _git(folder, "init", "--quiet")
    _commit(folder)
    return folder


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run((*_GIT, *arguments), cwd=folder, capture_output=True, text=True, check=True).stdout


def _commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "now")


def _release(folder: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    names = {"GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@localhost", "PYTHON": sys.executable}
    return subprocess.run(
        ("./release.sh", *parts), cwd=folder, env=os.environ | names, capture_output=True, text=True, check=False
    )


def _refused(folder: Path, *parts: str) -> str:
    done = _release(folder, *(parts or ("wheel",)))
    assert done.returncode == 1
    assert not (folder / "dist").exists()
    assert _git(folder, "tag") == ""
    return done.stderr


def test_a_wheel_is_built_summed_and_tagged(checkout: Path) -> None:
    done = _release(checkout, "wheel")
    assert done.returncode == 0, done.stderr
    dist = checkout / "dist"
    names = {line.split("  ")[1]: line.split("  ")[0] for line in (dist / "SHA256SUMS").read_text().splitlines()}
    assert set(names) == {path.name for path in dist.iterdir()} - {"SHA256SUMS"}
    wheel = dist / next(name for name in names if name.endswith(".whl"))
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == names[wheel.name]
    assert "visaged/__init__.py" in zipfile.ZipFile(wheel).namelist()
    version = wheel.name.split("-")[1]
    assert _git(checkout, "tag").split() == [f"v{version}"]
    message = _git(checkout, "tag", "--list", "--format=%(contents)", f"v{version}")
    assert message.startswith(f"visaged {version}\n")
    assert "### Added" in message
    # The section of this version, not the one after it.
    assert "[Unreleased]" not in message

    # The same again: the tag is taken. Without it: the same bytes.
    assert f"v{version} is tagged already" in _release(checkout, "wheel").stderr
    first = wheel.read_bytes()
    _git(checkout, "tag", "--delete", f"v{version}")
    assert _release(checkout, "wheel").returncode == 0
    assert wheel.read_bytes() == first


def test_what_is_not_committed_is_refused(checkout: Path) -> None:
    (checkout / "new").touch()
    assert "not committed" in _refused(checkout)


def test_two_versions_are_refused(checkout: Path) -> None:
    path = checkout / "pyproject.toml"
    path.write_text(path.read_text().replace('\nversion = "', '\nversion = "9.'))
    _commit(checkout)
    assert "make them the same" in _refused(checkout)


def test_a_version_without_notes_is_refused(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\nthings\n")
    _commit(checkout)
    assert "CHANGELOG.md has no section" in _refused(checkout)


def test_an_unknown_part_is_refused(checkout: Path) -> None:
    assert "rpm is none of wheel, deb, image" in _refused(checkout, "wheel", "rpm")


def test_what_cannot_be_built_is_not_tagged(checkout: Path) -> None:
    (checkout / "README.md").unlink()
    _commit(checkout)
    assert _release(checkout, "wheel").returncode != 0
    assert _git(checkout, "tag") == ""
