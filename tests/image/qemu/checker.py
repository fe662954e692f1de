"""Runs in a guest: what a power cut has left on a data partition. ``python checker.py MOUNT``; one line of JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from visaged.capsules.library.library import Library
from visaged.config.load import load


def main(data: Path) -> None:
    """Read everything that was being written. Raises whatever is wrong with it."""
    library = Library(data / "var/lib/visaged/capsules")
    catalogue = library.load()
    own = [entry for entry in catalogue.entries.values() if entry.cid.startswith("VF_CUT_")]
    for entry in own:
        # Checks the hash and every value.
        library.read(entry)
    settings = load(data / "etc/visaged/visaged.toml")
    count = data / "var/lib/visaged/count"
    found = {
        "refused": list(catalogue.refused),
        "capsules": len(own),
        "intensity": settings.face.intensity,
        "count": int(count.read_bytes()) if count.exists() else 0,
        "identity": (data / "etc/machine-id").read_text().strip(),
    }
    print("found " + json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
