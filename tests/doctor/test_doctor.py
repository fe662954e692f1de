"""The doctor against real sockets, real sound cards and this machine."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import numpy as np
import pytest

from tests.devices.card import SoundCards
from tests.face.neurosync.small_model import write_neurosync
from visaged.cli import main
from visaged.config import Settings
from visaged.doctor import machine, models, network, sound


def settings(**sections: object) -> Settings:
    return Settings.model_validate(sections)


def alsa(device: str) -> Settings:
    return settings(audio={"input": {"backend": "alsa", "device": device}})


def test_targets_that_listen_refuse_and_do_not_resolve() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening, socket.socket() as other:
        listening.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        targets = [f"127.0.0.1:{listening.getsockname()[1]}", "127.0.0.1:9", "no-such-host.invalid:11111"]
        findings = list(network.check(settings(livelink={"targets": targets})))
    assert [finding.verdict for finding in findings] == ["ok", "warn", "fail"]
    assert "nobody listens" in findings[1].text
    assert "does not resolve" in findings[2].text
    assert all(finding.remedy for finding in findings[1:])


def test_a_microphone_with_a_voice_a_dead_one_and_a_missing_one(sound_cards: SoundCards) -> None:
    rng = np.random.default_rng(1)
    sound_cards.add("voice", (0.1 * rng.standard_normal(48_000)).astype(np.float32), loop=True)
    sound_cards.add("dead")
    gone = sound_cards.add("gone")
    gone.pull_out()
    busy = sound_cards.add("busy")
    busy.hold()
    verdicts = {
        name: next(iter(sound.check(alsa(name), demo=False))) for name in ("voice", "dead", "gone", "busy", "none")
    }
    assert {name: finding.verdict for name, finding in verdicts.items()} == {
        "voice": "ok",
        "dead": "warn",
        "gone": "fail",
        "busy": "warn",
        "none": "fail",
    }
    assert re.search(r"-(19|20|21) dBFS", verdicts["voice"].text)


def test_the_machine_is_judged_without_failing() -> None:
    findings = list(machine.check(settings()))
    assert [finding.subject for finding in findings] == ["identity", "realtime", "clock", "disk"]
    assert all(finding.remedy for finding in findings if finding.verdict != "ok")


def test_the_command_prints_json_and_fails_on_broken_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "visaged.toml"
    broken.write_text("[livelink]\nfps = 0\n")
    assert main(["doctor", "--json", "--config", str(broken)]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["verdict"] == "fail"
    assert f"{broken} line 2" in lines[0]["text"]


def test_the_command_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--set", "audio.input.backend=none", "--set", "livelink.targets=['127.0.0.1:9']"]) == 0
    printed = capsys.readouterr().out
    assert "ok   settings: no file" in printed
    assert "warn Live Link target 127.0.0.1:9: nobody listens" in printed


def test_the_solver_is_opened_as_the_daemon_would() -> None:
    (found,) = models.check(settings())
    assert found.verdict == "ok"
    assert "on CPUExecutionProvider" in found.text
    (missing,) = models.check(settings(inference={"providers": ["NoSuchProvider"]}))
    assert missing.verdict == "fail"
    (plain,) = models.check(settings(face={"solver": "energy"}))
    assert plain.verdict == "ok"


@pytest.mark.parametrize(
    ("window_ms", "verdict", "said"),
    [(5.0, "ok", "look-ahead 118 ms"), (100.0, "warn", "the face is"), (900.0, "fail", "too long for a live face")],
)
def test_neurosync_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window_ms: float, verdict: str, said: str
) -> None:
    wanted = settings(face={"solver": "neurosync"})
    monkeypatch.setattr("visaged.inference.find.BOX_ROOT", tmp_path)
    (missing,) = models.check(wanted)
    assert missing.verdict == "fail"
    write_neurosync(tmp_path / "p")
    monkeypatch.setattr("visaged.face.neurosync.window.measured_ms", lambda worker: window_ms)
    (finding,) = models.check(wanted)
    assert finding.verdict == verdict
    assert said in finding.text
