"""Runs in the guest: changes settings and capsules without a pause, by the program's own functions.

``python writer.py COUNT_FILE``; prints a number for each round that is on the disk.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from visaged.capsules.library.install import add_local
from visaged.capsules.library.library import Library
from visaged.files import write_atomic

_SETTINGS = Path("/etc/visaged/visaged.toml")
# The solver that leaves an emulated processor time for writing; the seed says the same.
_OWN = '\n[face]\nsolver = "energy"\n'


def main(count_file: Path) -> None:
    """Write for ever."""
    library = Library(Path("/var/lib/visaged/capsules"))
    entries = library.load().entries.values()
    model = library.read(next(entry for entry in entries if entry.cid.startswith("VF_")))
    assert model.curves is not None
    # A cut may have left what this wrote at the start before.
    text = _SETTINGS.read_text(encoding="utf-8").partition(_OWN)[0]
    first = int(count_file.read_bytes()) + 1 if count_file.exists() else 1
    noise = np.random.default_rng(1)
    for count in itertools.count(first):
        header = model.header.model_copy(update={"cid": f"VF_CUT_{count % 12}"})
        curves = model.curves * np.float16(noise.uniform(0.5, 1))
        add_local(library, [replace(model, header=header, curves=curves)])
        # As config.set does it: the old file or the new one.
        write_atomic(_SETTINGS, f"{text}{_OWN}intensity = {0.5 + count % 50 / 100}\n".encode())
        write_atomic(count_file, str(count).encode())
        print(count, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
