"""The page in a real browser, against a running daemon."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.outputs.boards import unused_port
from tests.patience import wait_until
from tests.running import Running
from tests.web.browser import browser, need_browser
from visaged import samples
from visaged.control.local.client import ControlClient
from visaged.curves import INDEX

pytestmark = pytest.mark.slow

JAW = INDEX["JawOpen"]


def start(folder: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Running:
    monkeypatch.setenv("VISAGED__WEB__ENABLED", "true")
    config = folder / "visaged.toml"
    if not config.exists():
        config.write_text(
            f'[audio.input]\nbackend = "none"\n[animation]\nidle = false\n[web]\nport = {port}\n'
            f'[capsules]\nlibrary = "{folder}/library"\n'
        )
    return Running(f"--config={config}", log=folder / "log")


@pytest.fixture(scope="module")
def port() -> int:
    return unused_port()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Running]:
    need_browser()
    folder = tmp_path_factory.mktemp("box")
    with pytest.MonkeyPatch.context() as monkeypatch, start(folder, port, monkeypatch) as daemon:
        daemon.wait_for(lambda: "page and HTTP API" in daemon.log, "the page")
        yield daemon


@pytest.fixture
def page(running: Running, port: int) -> Iterator[Chrome]:
    with browser() as window:
        window.get(f"http://127.0.0.1:{port}/")
        wait_until(lambda: text(window, "state") == "Live", lambda: f"the face; {text(window, 'state')}", look_s=0.2)
        yield window


def text(page: Chrome, name: str) -> str:
    return told(page, f"#{name}")


def told(page: Chrome, selector: str) -> str:
    """What an element says now; "" where there is none: the page may be about to draw it anew."""
    return str(page.execute_script("return document.querySelector(arguments[0])?.innerText ?? '';", selector))


def drawn(page: Chrome) -> list[float]:
    curves: list[float] | None = page.execute_script("const drawn = visaged.drawn(); return drawn && [...drawn];")
    return curves or []


def picture(page: Chrome) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(page.find_element(By.ID, "head").screenshot_as_png)).convert("RGB"), int)


def call(running: Running, command: str, **fields: object) -> dict[str, object]:
    with ControlClient(running.folder / "control.sock") as client:
        return client.call(command, timeout_s=60, **fields)


def test_the_drawn_face_follows_the_packets(running: Running, page: Chrome) -> None:
    wait_until(lambda: len(drawn(page)) == 61, "the head", look_s=0.2)
    call(running, "face.set", curves={"JawOpen": 0.0}, duration_ms=600_000)
    wait_until(lambda: drawn(page)[JAW] == 0, "a closed jaw", look_s=0.2)
    closed = picture(page)
    # A face: many colours, and no square of one.
    assert len(np.unique(closed.reshape(-1, 3) // 8, axis=0)) > 200
    call(running, "face.set", curves={"JawOpen": 0.75}, duration_ms=600_000)
    running.wait_for(lambda: abs(running.curve("JawOpen", 1)[0] - 0.75) < 1e-3, "the packets")
    wait_until(lambda: abs(drawn(page)[JAW] - 0.75) < 1e-3, "the drawn jaw", look_s=0.2)
    # What is drawn has changed below the middle, where the mouth is, and hardly above it.
    wait_until(lambda: changed(closed, picture(page), lower=True) > 0.01, "an open mouth", look_s=0.2)
    assert changed(closed, picture(page), lower=False) < 0.01
    call(running, "face.release")


def changed(before: np.ndarray, after: np.ndarray, *, lower: bool) -> float:
    half = slice(len(before) // 2, None) if lower else slice(0, len(before) // 3)
    return float(np.mean(np.abs(before - after).max(axis=2)[half] > 40))


def test_moods_and_expressions_are_buttons(running: Running, page: Chrome) -> None:
    wait_until(lambda: page.find_elements(By.CSS_SELECTOR, "#capsules button"), "the expressions", look_s=0.2)
    page.find_element(By.XPATH, "//*[@id='moods']/button[text()='Happy']").click()
    wait_until(lambda: text(page, "played") == "Mood: Happy", "the mood", look_s=0.2)
    # On its way to 0.8.
    wait_until(lambda: float(str(call(running, "emotion.set", dominance=0.0)["valence"])) > 0.2, "it on the box")
    page.find_element(By.ID, "find").send_keys("wink")
    shown = [one for one in page.find_elements(By.CSS_SELECTOR, "#capsules button") if one.is_displayed()]
    assert shown
    shown[0].click()
    wait_until(lambda: text(page, "played").startswith("Played "), "the expression", look_s=0.2)


def test_a_setting_is_checked_shown_and_applied(running: Running, port: int, page: Chrome) -> None:
    page.get(f"http://127.0.0.1:{port}/#settings")
    wait_until(lambda: page.find_elements(By.ID, "face.intensity"), "the settings", look_s=0.2)
    field = page.find_element(By.ID, "face.intensity")
    field.clear()
    field.send_keys("9")
    fault = "#face\\.intensity ~ .fault"
    wait_until(lambda: "2" in told(page, fault), "a fault", look_s=0.2)
    button = page.find_element(By.CSS_SELECTOR, ".bar .main")
    assert not button.is_enabled()
    field.clear()
    field.send_keys("0.75")
    wait_until(button.is_enabled, "that it may be applied", look_s=0.2)
    assert "face.intensity: 1 → 0.75" in told(page, ".bar pre")
    button.click()
    wait_until(lambda: "Applied: face.intensity" in told(page, ".bar"), "the setting in force", look_s=0.2)
    settings = call(running, "config.get", section="face")["settings"]
    assert settings["face"]["intensity"] == 0.75  # type: ignore[index]
    # What opens a door is for the box's own file.
    assert not page.find_element(By.ID, "web.port").is_enabled()


def test_nothing_goes_wrong_in_the_browser_and_nothing_is_fetched_from_elsewhere(page: Chrome, port: int) -> None:
    wait_until(lambda: len(drawn(page)) == 61, "the head", look_s=0.2)
    script = "return performance.getEntriesByType('resource').map((entry) => entry.name);"
    fetched: list[str] = page.execute_script(script)
    assert any(name.endswith("/head.bin") for name in fetched)
    assert all(name.startswith((f"http://127.0.0.1:{port}/", "data:")) for name in fetched)
    # Of the software renderer; a picture is read back here.
    loud = [entry for entry in page.get_log("browser") if "GL Driver Message" not in entry["message"]]
    assert loud == []


def test_a_box_that_restarts_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_browser()
    own = unused_port()
    with browser() as window:
        with start(tmp_path, own, monkeypatch) as first:
            first.wait_for(lambda: "page and HTTP API" in first.log, "the page")
            window.get(f"http://127.0.0.1:{own}/")
            wait_until(lambda: text(window, "state") == "Live", "the face", look_s=0.2)
        wait_until(lambda: "does not answer" in text(window, "state"), "a word about it", look_s=0.2)
        with start(tmp_path, own, monkeypatch) as second:
            second.wait_for(lambda: "page and HTTP API" in second.log, "the page")
            wait_until(lambda: text(window, "state") == "Live", "the face again", look_s=0.2)


def test_the_browsers_microphone_moves_the_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_browser()
    own, voice = unused_port(), tmp_path / "voice.wav"
    sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
    soundfile.write(voice, sound, rate_hz, subtype="PCM_16")
    (tmp_path / "visaged.toml").write_text(
        f'[audio.input]\nbackend = "network"\n[web]\nport = {own}\n[animation]\nidle = false\n'
        f'[capsules]\nlibrary = "{tmp_path}/library"\n'
    )
    with start(tmp_path, own, monkeypatch) as daemon, browser(microphone=voice) as window:
        daemon.wait_for(lambda: "page and HTTP API" in daemon.log, "the page")
        window.get(f"http://127.0.0.1:{own}/")
        wait_until(lambda: text(window, "state") == "Live", "the face", look_s=0.2)
        assert daemon.curve("JawOpen", 30).max() < 0.02
        window.find_element(By.ID, "speak").click()
        wait_until(lambda: "the voice" in text(window, "spoken"), lambda: text(window, "spoken") or "it", look_s=0.2)
        daemon.wait_for(lambda: daemon.curve("JawOpen", 60).max() > 0.1, "a mouth that speaks")
        assert call(daemon, "health.get")["audio"]["input"] == "network"  # type: ignore[index]
        window.find_element(By.ID, "speak").click()
        daemon.wait_for(lambda: daemon.curve("JawOpen", 60).max() < 0.02, "a mouth at rest")
