"""What the face waits for at the start: no heavy package that nothing needs before the first packet."""

from __future__ import annotations

import subprocess
import sys

BOOT = """
import sys
from visaged.cli.main import make_parser
make_parser({"run"})
import visaged.app.daemon
standard = sys.stdlib_module_names
print(*sorted({name.partition(".")[0] for name in sys.modules if name.partition(".")[0] not in standard}))
"""

# numpy: poses. pydantic: settings. soundfile, soxr, alsaaudio: the input, which is opened at once.
NEEDED = {
    *("alsaaudio", "annotated_types", "dotenv", "numpy", "pydantic", "pydantic_core", "pydantic_settings"),
    *("soundfile", "soxr", "tomli", "typing_extensions", "typing_inspection", "visaged"),
}


def test_nothing_heavy_is_imported_before_the_first_packet() -> None:
    done = subprocess.run([sys.executable, "-c", BOOT], capture_output=True, text=True, check=True)
    found = {name for name in done.stdout.split() if not name.startswith("_")}
    assert found <= NEEDED, "import it where it is used, in a function (see Daemon._start_web)"
    assert {"numpy", "visaged"} <= found
