"""The package's copyright file: our licence, and that of every Python package that ships with us, with its full text.

Runs with the interpreter of the environment that is packaged; writes to standard output, in Debian's format 1.0.
"""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

_LICENCE_FILES = ("LICEN", "COPYING", "NOTICE", "THIRDPARTY", "AUTHORS")
_HEAD = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: visaged

Files: *
Copyright: the authors of visaged
License: Apache-2.0
 On Debian and Ubuntu systems the full text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
"""


class LicenceMissing(Exception):
    """A package that would ship without saying under which licence."""


def licence_of(distribution: Distribution) -> str:
    """Its licence in a word or a line. Raises LicenceMissing."""
    metadata = distribution.metadata
    stated = metadata.get("License-Expression") or metadata.get("License") or ""
    classified = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or () if "License ::" in line]
    # Some put the whole text into that field.
    named = stated.strip().partition("\n")[0] if len(stated) < 200 else ""
    found = named or ", ".join(classified) or stated.strip().partition("\n")[0]
    if not found:
        raise LicenceMissing(f"{distribution.name}: its metadata name no licence")
    return found


def texts_of(distribution: Distribution) -> list[str]:
    """Where its licence texts are installed: absolute paths on the box."""
    names = [file for file in distribution.files or () if file.name.upper().startswith(_LICENCE_FILES)]
    prefix = Path(sys.prefix)
    found = []
    for file in names:
        path = Path(str(distribution.locate_file(file)))
        if path.is_file():
            found.append(f"/opt/visaged/{path.resolve().relative_to(prefix.resolve())}")
    return sorted(found)


def stanza(distribution: Distribution) -> str:
    """The paragraph of one package."""
    lines = [
        f"Files: opt/visaged/lib/python3.*/site-packages/{distribution.name}*",
        f"Comment: {distribution.name} {distribution.version}",
        f"License: {licence_of(distribution)}",
    ]
    lines += [f" Full text: {path}" for path in texts_of(distribution)] or [" Its text is not part of its wheel."]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file; returns the exit code."""
    others = sorted((d for d in distributions() if d.name != "visaged"), key=lambda d: d.name.lower())
    try:
        print("\n".join((_HEAD, *map(stanza, others))), end="")
    except LicenceMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
