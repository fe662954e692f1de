"""Debian's Chromium without a screen, for the tests of the page and for its pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.patience import PATIENCE_S

BROWSER, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"


def need_browser() -> None:
    """Skip where there is none."""
    if shutil.which(BROWSER) is None or shutil.which(DRIVER) is None:
        pytest.skip("chromium missing: apt-get install chromium chromium-driver")


@contextmanager
def browser(
    width: int = 520, height: int = 700, *, dark: bool = False, microphone: Path | None = None
) -> Iterator[Chrome]:
    """A window; WebGL by software. ``microphone``: a WAV that its microphone hears over and over."""
    options = ChromeOptions()
    options.binary_location = BROWSER
    for argument in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader"),
        *("--enable-unsafe-swiftshader", "--hide-scrollbars", "--disable-dev-shm-usage", "--force-color-profile=srgb"),
        f"--window-size={width},{height}",
    ):
        options.add_argument(argument)
    if microphone is not None:
        options.add_argument("--use-fake-device-for-media-stream")
        options.add_argument("--use-fake-ui-for-media-stream")
        options.add_argument(f"--use-file-for-fake-audio-capture={microphone}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = Chrome(options=options, service=Service(DRIVER))
    try:
        window.set_page_load_timeout(PATIENCE_S)
        window.set_script_timeout(PATIENCE_S)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        yield window
    finally:
        window.quit()
