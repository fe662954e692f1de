"""A spoken line while somebody speaks into the microphone: the line has the mouth, the live voice gives way."""

from __future__ import annotations

from pathlib import Path

from tests.capsules.making import capsule
from tests.running import Running
from visaged import samples
from visaged.capsules.library.install import add_local
from visaged.capsules.library.library import Library
from visaged.control.local.client import ControlClient

# What the line's own jaw does, and how far beside it idle life and rounding may move it.
_LINE, _BESIDE = 0.15, 0.03
_LINE_FRAMES = 240


def test_a_spoken_line_has_the_mouth_until_it_is_over(tmp_path: Path) -> None:
    library = Library(tmp_path / "library")
    add_local(library, [capsule("VL_CALM", frames=_LINE_FRAMES, value=_LINE)])
    config = tmp_path / "visaged.toml"
    config.write_text(
        f'[audio.input]\nbackend = "file"\npath = "{samples.speech_path()}"\nloop = true\n'
        f'[audio.output]\nbackend = "none"\n[animation]\nidle = false\n[face]\nsolver = "energy"\n'
        f'[capsules]\nlibrary = "{library.root}"\npinned = ["VL_CALM"]\n'
    )
    with Running(f"--config={config}", log=tmp_path / "log") as daemon:
        daemon.wait_for(lambda: "control socket" in daemon.log, "the control socket")
        daemon.wait_for(lambda: daemon.curve("JawOpen").max(initial=0) > 2 * _LINE, "the live voice to move the jaw")
        before = len(daemon.packets)
        with ControlClient(tmp_path / "control.sock") as client:
            client.call("capsule.play", cid="VL_CALM")
        daemon.wait_for_packets(_LINE_FRAMES + 240)
        jaw = daemon.curve("JawOpen")[before:]
    calm = abs(jaw - _LINE) < _BESIDE
    # Fades, and the wait of a line that a busy machine loads, are not in it; both voices at once never were.
    longest = max(len(run) for run in "".join("x" if one else " " for one in calm).split(" "))
    assert longest > _LINE_FRAMES / 2, jaw
    assert jaw[-240:].max() > 2 * _LINE, "the live voice comes back"
