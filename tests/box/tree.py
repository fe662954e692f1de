"""A small Debian with visaged installed in it, as a file tree that systemd-nspawn boots. Made once, kept in build/box.

The Debian (a minute) is made anew when its recipe changes, the installation (20 s) when our sources do.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_FOLDER: Final = ROOT / "build" / "box"
# What `make install` finds on a Debian without recommended packages, and what a container needs to boot.
_PACKAGES: Final = "systemd-sysv,dbus,python3,libportaudio2,libasound2"
# No documents, no syncs: half of the unpacking time.
_OPTIONS: Final = (
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    '--aptopt=Acquire::Languages "none"',
)
_PYTHON: Final = "/usr/bin/python3"


class NoBox(Exception):
    """No such tree can be made or booted on this machine; the message says why."""


def find_obstacle() -> str | None:
    """Why this machine cannot boot a box; None when it can."""
    if os.geteuid() != 0:
        return "booting the installed service in a container needs root"
    missing = [tool for tool in ("systemd-nspawn", "mmdebstrap", "nsenter") if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} missing: apt-get install systemd-container mmdebstrap (make test does it)"
    if not _codename():
        return "the box is made from this machine's own Debian packages, and this is no Debian"
    probe = subprocess.run(("unshare", "--mount", "--pid", "--fork", "true"), capture_output=True, check=False)
    if probe.returncode:
        return "namespaces are not permitted here: " + probe.stderr.decode().strip()
    return None


def make_tree() -> Path:
    """The tree with this checkout installed, as `make install DESTDIR=…` leaves it. Raises NoBox."""
    recipe = f"{_codename()} {_PACKAGES} {_OPTIONS}"
    tree = _FOLDER / hashlib.sha256(recipe.encode()).hexdigest()[:12]
    if not (tree / "usr/bin/systemctl").exists():
        shutil.rmtree(_FOLDER, ignore_errors=True)
        _make_debian(tree)
    log = _run("make", "install", f"DESTDIR={tree}", "PREFIX=/usr", f"PYTHON={_PYTHON}")
    if log.returncode:
        raise NoBox(f"make install failed:\n{log.stdout}")
    return tree


def _make_debian(tree: Path) -> None:
    half = tree.with_suffix(".new")
    half.parent.mkdir(parents=True, exist_ok=True)
    made = _run(
        *("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={_PACKAGES}", *_OPTIONS),
        *(_codename(), str(half), *_sources()),
    )
    if made.returncode:
        shutil.rmtree(half, ignore_errors=True)
        raise NoBox(f"mmdebstrap failed; is Debian's mirror within reach?\n{made.stdout}")
    half.rename(tree)


def _codename() -> str:
    fields = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines() if "=" in line
    )
    return fields.get("VERSION_CODENAME", "") if fields.get("ID") == "debian" else ""


def _sources() -> tuple[str, ...]:
    """This machine's own way to Debian's mirrors."""
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    return (str(sources),) if sources.exists() else ("/etc/apt/sources.list",)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, errors="replace"
    )
