"""Other versions of the root file system, made from the one under test: a newer one, and one without a daemon."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path


def make_bundle(slot: Path, version: str, keys: Path, out: Path, *, broken: bool = False) -> None:
    """Write the signed update ``out``: the root ``slot`` under the name ``version``; ``broken``: without a daemon."""
    tree = out.with_suffix(".tree")
    root = out.with_name(f"root-{version}-test.squashfs")
    _run("unsquashfs", "-quiet", "-no-progress", "-dest", str(tree), str(slot))
    (tree / "usr/lib/visaged-image/version").write_text(version + "\n")
    if broken:
        program = tree / "opt/visaged/bin/visaged"
        program.write_text("#!/bin/sh\necho 'this version is broken' >&2\nexit 1\n")
    # As make image does it, but for the fastest kind of lzo: GRUB reads it, and nobody keeps it.
    fast = ("-comp", "lzo", "-Xalgorithm", "lzo1x_1", "-b", "128K")
    _run("mksquashfs", str(tree), str(root), "-noappend", "-quiet", "-no-progress", *fast)
    shutil.rmtree(tree)
    _run("image/bundle.sh", str(root), version, str(keys), str(out))
    root.unlink()


def make_forged_bundle(keys: Path, out: Path) -> None:
    """A small update that is signed with a key which no box knows."""
    root = out.with_suffix(".img")
    # RAUC takes no image of a page or less, and the bundle compresses what it can.
    root.write_bytes(random.randbytes(1 << 16))
    _run("image/keys.sh", str(keys))
    _run("image/bundle.sh", str(root), "forged", str(keys), str(out))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[3])
