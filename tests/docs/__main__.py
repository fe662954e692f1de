"""``python -m tests.docs``: prints every problem of the documents; exit code 1 when there is one."""

from __future__ import annotations

import sys

from tests.docs.check import documents, problems

if __name__ == "__main__":
    found = [problem for path in documents() for problem in problems(path)]
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
