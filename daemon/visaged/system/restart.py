"""The command line that starts this very program again: same interpreter, options, package and arguments.

``python -m visaged`` would look for it in the working folder first: whoever may write there could put another program
in its place while this one runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import visaged

# In this mode Python puts '' (the working folder) first; it has imported nothing from there when this line runs.
_MAIN: Final = (
    "import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; from {entry} import main; sys.exit(main())"
)


def restart_command(entry: str) -> tuple[str, ...]:
    """For ``os.execv``. A script is run as the file it is, by its whole path; anything else by where the package is.

    ``entry``: the module whose ``main()`` is the program.
    """
    arguments = sys.argv[1:]
    main = sys.modules["__main__"]
    # The interpreter's own words: python, its options, the program (a script, -m NAME or -c CODE), its arguments.
    own = sys.orig_argv[1 : len(sys.orig_argv) - len(arguments)]
    script = getattr(main, "__file__", None) if main.__spec__ is None else None
    if script is not None:
        return (sys.executable, *own[:-1], str(Path(script).absolute()), *arguments)
    options = own[:-1] if own[-1].startswith(("-m", "-c")) else own[:-2]
    root = str(Path(visaged.__file__).absolute().parents[1])
    return (sys.executable, *options, "-c", _MAIN.format(root=root, entry=entry), *arguments)
