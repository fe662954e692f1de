"""Writes the lock files anew from pyproject.toml: `make lock`, and with UPGRADE=yes the newest versions that it allows.

uv resolves for all Pythons at once. Of its answer we keep what a machine of ours can install (locks/machines.py).
A package that one of them would have to compile is an error here, unless it is in COMPILED: better now than on the box.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from locks.entries import Entry, parse, write
from locks.environments import (
    DIGEST_LINE,
    ENVIRONMENTS,
    PYPROJECT,
    TORCH_LOCK,
    Pyproject,
    read_pyproject,
    torch_version,
)
from locks.machines import KNOWN, installable, wanted_anywhere, without_wheel
from locks.pypi import INDEX, IndexUnreadable, files_of, torch_cpu_files

# Compiled on the machine itself, with the tools of compile.txt: PyPI has no wheel of them for one of ours, or for none.
COMPILED: Final = frozenset({"pyalsaaudio", "pocketsphinx"})
# Dependencies of the CUDA build of torch that its CPU build has not; torch itself has a lock of its own.
_CUDA: Final = ("nvidia-", "cuda-", "triton", "torch")
_HEAD: Final = "# Written by `make lock` from pyproject.toml: edit that, not this."


class LockError(Exception):
    """The locks cannot be written; the text says why and what helps."""


def _uv(*arguments: str) -> None:
    """Runs uv. Without the machine's own settings: their indexes and folders are nobody else's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
    command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--no-config", "--quiet", *arguments]
    done = subprocess.run(command, text=True, capture_output=True, env=environment, check=False)
    if done.returncode != 0:
        raise LockError(done.stderr.strip())


def _resolve(
    requirements: list[str], folder: Path, preferred: str, constraints: Path | None = None, *options: str
) -> list[Entry]:
    """Every package that these requirements come to, with all of its files, on all Pythons."""
    asked, answer = folder / "asked.in", folder / "answer.txt"
    asked.write_text("\n".join(requirements) + "\n")
    # uv stays with the versions that it finds in the file it is to write.
    answer.write_text(preferred)
    _uv(
        *("--universal", "--generate-hashes", "--no-annotate", "--no-header", "--python-version", "3.10"),
        *("--default-index", INDEX, "--output-file", str(answer)),
        *(("--constraints", str(constraints)) if constraints else ()),
        *(*options, "--cache-dir", str(folder / "cache"), str(asked)),
    )
    found = parse(answer.read_text())
    return [entry for entry in found if not entry.name.startswith(_CUDA) and wanted_anywhere(entry.marker)]


_files_of = cache(files_of)


def _narrow(entry: Entry) -> Entry:
    """The same pin with the files that our machines may install. Raises LockError if one of them finds none."""
    files = _files_of(entry.name)
    compiled = entry.name in COMPILED
    if not compiled and (lacking := without_wheel(files, entry.version, entry.marker)):
        machines = ", ".join(map(str, lacking))
        remedy = "give it a marker or another range in pyproject.toml"
        raise LockError(f"{entry.name} {entry.version} has no wheel for {machines}: {remedy}")
    kept = installable(files, entry.version, compiled)
    return replace(entry, sha256=tuple(digest for digest in entry.sha256 if digest in kept))


def _versions_of_now() -> str:
    """The pins that there are, without their files."""
    files = [each.path for each in ENVIRONMENTS if each.path.exists()]
    return write([], (replace(entry, sha256=()) for path in files for entry in parse(path.read_text())))


def _lock(pyproject: Pyproject, upgrade: bool) -> dict[str, str]:
    """The text of every lock file but torch's."""
    found: dict[str, list[Entry]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        preferred = "" if upgrade else _versions_of_now()
        everything = {each for one in ENVIRONMENTS if not one.alone for each in one.requirements(pyproject)}
        together = _resolve(sorted(everything), folder, preferred)
        # One version of a package in all environments: what is tested is what is installed.
        constraints = folder / "together.txt"
        constraints.write_text(write([], (replace(entry, sha256=()) for entry in together)))
        for one in ENVIRONMENTS:
            # What stands alone was not among them; the others need no second look at PyPI.
            how = (None, "--no-deps") if one.alone else (constraints, "--offline")
            found[one.name] = _resolve(one.requirements(pyproject), folder, preferred, *how)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_files_of, sorted({entry.name for entries in found.values() for entry in entries})))
    texts = {}
    for one in ENVIRONMENTS:
        of_bases = {entry.pin for base in one.below for entry in found[base]}
        own = [_narrow(entry) for entry in found[one.name] if entry.pin not in of_bases]
        head = [_HEAD, f"{DIGEST_LINE}{one.digest(pyproject)}", *([f"-r {one.base}.txt"] if one.base else [])]
        texts[one.path.name] = write(head, own)
    return texts


def _lock_torch(version: str) -> str | None:
    """torch's own lock; None where PyTorch's index is out of reach and the one that is there is of that version."""
    try:
        files = torch_cpu_files()
    except IndexUnreadable as error:
        if TORCH_LOCK.exists() and [entry.version for entry in parse(TORCH_LOCK.read_text())] == [f"{version}+cpu"]:
            return None
        raise LockError(f"{error}; locks/torch.txt can only be written where it can") from error
    own = f"{version}+cpu"
    kept = sorted(digest for name, digest in files.items() if any(machine.takes(name, own) for machine in KNOWN))
    if not kept:
        raise LockError(f"PyTorch's index has no CPU build of torch {version}")
    return write(
        [_HEAD, "# The CPU build, from PyTorch's own index: the one on PyPI brings 3 GB of CUDA."],
        [Entry("torch", own, "", tuple(kept))],
    )


def main() -> int:
    """The command; its exit code."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--upgrade", action="store_true", help="the newest versions, not those of now")
    upgrade: bool = arguments.parse_args().upgrade
    pyproject = read_pyproject()
    try:
        texts = _lock(pyproject, upgrade)
        torch = _lock_torch(torch_version(pyproject))
    except (LockError, IndexUnreadable) as error:
        print(f"make lock: {error}", file=sys.stderr)
        return 1
    if torch is not None:
        texts[TORCH_LOCK.name] = torch
    # All or none: half a set of locks would install two versions of one thing.
    for name, text in texts.items():
        (PYPROJECT.parent / "locks" / name).write_text(text)
        print(f"locks/{name}: {len(parse(text))} packages beyond what it builds on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
