"""``python -m tests.web.pictures``: the pictures of the page in docs/, taken of a running daemon in a real browser."""

from __future__ import annotations

import io
import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from tests.outputs.boards import unused_port
from tests.patience import wait_until
from tests.running import Running
from tests.web.browser import browser
from visaged import samples
from visaged.control.local.client import ControlClient

DOCS = Path(__file__).parents[2] / "docs"


class Shot(NamedTuple):
    """One picture."""

    name: str
    where: str
    width: int
    height: int
    dark: bool


SHOTS = (
    Shot("page-dark", "", 1280, 900, dark=True),
    Shot("page-light", "", 1280, 900, dark=False),
    Shot("page-phone", "", 412, 900, dark=True),
    Shot("page-settings", "#settings", 1280, 900, dark=False),
)


def main() -> None:
    """Take them all."""
    port = unused_port()
    os.environ["VISAGED__WEB__ENABLED"] = "true"
    with tempfile.TemporaryDirectory() as folder:
        box = Path(folder)
        (box / "visaged.toml").write_text(
            f'[audio.input]\nbackend = "file"\nloop = true\npath = "{samples.speech_path()}"\n'
            f'[web]\nport = {port}\n[capsules]\nlibrary = "{box}/library"\n[animation]\nseed = 7\n'
        )
        with Running(f"--config={box / 'visaged.toml'}", log=box / "log") as daemon:
            daemon.wait_for(lambda: "page and HTTP API" in daemon.log, "the page")
            with ControlClient(box / "control.sock") as client:
                client.call("emotion.set", valence=0.5, arousal=0.2)
            for shot in SHOTS:
                take(shot, port)


def take(shot: Shot, port: int) -> None:
    """Open the page, let it settle, and keep what is seen."""
    path = DOCS / f"{shot.name}.jpg"
    with browser(shot.width, shot.height, dark=shot.dark) as window:
        window.get(f"http://127.0.0.1:{port}/{shot.where}")
        ready = "return document.getElementById('state').textContent === 'Live' && visaged.drawn() !== null;"
        wait_until(lambda: window.execute_script(ready), "the face", look_s=0.2)
        # As a graphics card draws it.
        window.execute_script("Object.assign(visaged.head(), { shells: 12, pixelRatio: 1 });")
        # Figures of the last seconds, and a mouth in the middle of a word.
        time.sleep(6)
        jaw = "return visaged.drawn()[17];"
        wait_until(lambda: shot.where or float(window.execute_script(jaw)) > 0.18, "an open mouth", look_s=0.02)
        Image.open(io.BytesIO(window.get_screenshot_as_png())).convert("RGB").save(path, quality=88, optimize=True)
    print(path.relative_to(DOCS.parent), f"{path.stat().st_size >> 10} kB")


if __name__ == "__main__":
    main()
