"""Commands on the local socket of a running daemon, and what the packets show for them."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.patience import PATIENCE_S
from tests.running import Running
from visaged import __version__
from visaged.curves import COUNT, CURVES, INDEX
from visaged.recording.csv_file import read_csv

FPS = 60


class Asker:
    """A client of the control socket that knows nothing of ours."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rw")

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def ask(self, command: str, **fields: object) -> dict[str, Any]:
        """The answer to one request."""
        self._file.write(json.dumps({"command": command, **fields}) + "\n")
        self._file.flush()
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    def data(self, command: str, **fields: object) -> dict[str, Any]:
        """The data of an answer that must be ok."""
        answer = self.ask(command, **fields)
        assert answer["status"] == "ok", answer
        data: dict[str, Any] = answer["data"]
        return data

    def refusal(self, command: str, **fields: object) -> tuple[str, str | None]:
        """Code and field of an answer that must be a refusal."""
        answer = self.ask(command, **fields)
        assert answer["status"] == "error", answer
        return answer["error"]["code"], answer["error"]["field"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("box")
    config = folder / "visaged.toml"
    config.write_text(
        f'[audio.input]\nbackend = "none"\n[animation]\nidle = false\n[capsules]\nlibrary = "{folder}/library"\n'
    )
    with Running(f"--config={config}", log=folder / "log") as daemon:
        daemon.wait_for(lambda: "control socket" in daemon.log, "the control socket")
        daemon.wait_for_packets(FPS)
        yield daemon


@pytest.fixture
def asker(running: Running) -> Iterator[Asker]:
    client = Asker(running.folder / "control.sock")
    yield client
    client.close()


def test_ping_and_health(running: Running, asker: Asker) -> None:
    assert asker.data("ping")["version"] == __version__
    # A rate needs a second. How fast it is says something about this machine; that it is right, tests/control do.
    running.wait_for(lambda: (asker.data("health.get")["livelink"]["fps"] or 0) > 0, "a rate")
    came = len(running.packets)
    health = asker.data("health.get")
    # A packet is counted after it has left.
    assert health["livelink"]["packets"] >= came - 1
    running.wait_for(lambda: len(running.packets) >= health["livelink"]["packets"], "what was counted")
    assert health["capsules"]["cap_mib"] == 64
    assert health["process"]["rss_mib"] > 20


def test_a_capsule_changes_the_packets_and_fades_out(running: Running, asker: Asker) -> None:
    played = asker.data("capsule.play", cid="VF_SMILE_DUCHENNE")["played"]
    assert played[0]["state"] in ("cached", "loading")
    running.wait_for(lambda: running.curve("MouthSmileLeft", 5).max() > 0.3, "the smile")
    asker.data("capsule.stop")
    running.wait_for(lambda: running.curve("MouthSmileLeft", 5).max() < 0.1, "the smile to fade")


def test_an_unknown_capsule_falls_back_and_malformed_ones_are_refused(asker: Asker) -> None:
    assert asker.data("capsule.play", cid="VF_NOT_THERE")["played"][0]["state"] == "unknown"
    assert asker.refusal("capsule.play", cid="vf nope") == ("invalid", "cid")
    assert asker.refusal("capsule.play", cid="VF_NEUTRAL", weight=1e9) == ("invalid", "weight")
    assert asker.refusal("capsule.play", cid="E_9999")[0] == "not_found"


def test_a_packet_with_mood_context_and_profile(asker: Asker) -> None:
    asker.data("packet", video_blend=[{"cid": "VF_NEUTRAL", "w": 0.5}], context="listening", emotion={"valence": 0.5})
    mood = asker.data("emotion.set", arousal=-0.5)
    assert mood["context"] == "listening"
    assert mood["arousal"] == pytest.approx(-0.5)
    assert asker.refusal("profile.set", profile="no_such") == ("not_found", "profile")
    assert asker.data("context.set", context=None)["context"] is None


def test_held_curves(running: Running, asker: Asker) -> None:
    asker.data("face.set", curves={"BrowInnerUp": 0.9}, duration_ms=60_000)
    running.wait_for(lambda: running.curve("BrowInnerUp", 3).min() > 0.85, "the brow")
    asker.data("face.release")
    running.wait_for(lambda: running.curve("BrowInnerUp", 3).max() < 0.2, "the brow to fall")
    assert asker.refusal("face.set", curves={"BrowInnerUp": 7}) == ("invalid", "curves")


def test_pins_are_all_or_none(asker: Asker) -> None:
    before = asker.data("capsule.unpin", cids=["VF_WINK_LEFT"])["pinned_mib"]
    assert asker.refusal("capsule.pin", cids=["VF_WINK_LEFT", "VF_NOT_THERE"])[0] == "not_found"
    assert asker.data("capsule.prefetch", cids=["VF_WINK_LEFT"])["pinned_mib"] == before
    assert asker.data("capsule.pin", cids=["VF_WINK_LEFT"])["pinned_mib"] > before


def test_a_snapshot_is_what_was_sent(running: Running, asker: Asker) -> None:
    asker.data("face.set", curves={"TongueOut": 0.5}, duration_ms=60_000)

    def tongue() -> NDArray[np.float16]:
        snapshot = asker.data("snapshot", seconds=0.5)
        assert tuple(snapshot["names"]) == CURVES
        poses = np.frombuffer(base64.b64decode(snapshot["curves_base64"]), "<f2").reshape(-1, COUNT)
        assert len(poses) == snapshot["frames"] <= FPS // 2
        return poses[:, INDEX["TongueOut"]]

    running.wait_for(lambda: np.allclose(tongue(), 0.5, atol=1e-3), "half a second of tongue")
    assert len(tongue()) == FPS // 2
    assert running.curve("TongueOut", 1)[0] == pytest.approx(0.5, abs=1e-3)
    asker.data("face.release")


def test_takes_are_recorded_in_the_boxs_own_folder(running: Running, asker: Asker) -> None:
    take = asker.data("record.start", name="greeting", seconds=30)
    assert (take["name"], take["running"]) == ("greeting", True)
    assert asker.refusal("record.start")[0] == "busy"

    def frames() -> int:
        (found,) = asker.data("record.list")["takes"]
        return int(found["frames"])

    running.wait_for(lambda: frames() >= FPS, "a second of face")
    stopped = asker.data("record.stop")
    assert not stopped["running"]
    recording = read_csv(Path(stopped["file"]))
    assert len(recording.curves) == stopped["frames"] >= FPS
    assert asker.refusal("record.stop")[0] == "refused"
    assert asker.refusal("record.start", name="../escape") == ("invalid", "name")
    assert asker.refusal("record.start", name="greeting") == ("refused", "name")
    asker.data("record.remove", name="greeting")
    assert asker.refusal("record.remove", name="greeting") == ("not_found", "name")
    assert asker.data("record.list") == {"takes": [], "bytes": 0}


def test_models_and_self_test(running: Running, asker: Asker) -> None:
    def selected() -> list[str]:
        return [model["name"] for model in asker.data("models.list")["models"] if model["selected"]]

    running.wait_for(lambda: selected() == ["lipsync"], "the model to be opened")
    assert asker.data("models.select", name="lipsync", precision="int8")["precision"] == "int8"
    assert asker.refusal("models.select", name="nope") == ("not_found", "name")
    checks = asker.data("selftest")["checks"]
    assert {"identity", "disk", "clock"} <= {check["name"] for check in checks}


def test_converse_is_refused_while_there_is_no_codec(asker: Asker) -> None:
    assert asker.refusal("mode.set", mode="converse") == ("unavailable", "mode")
    assert asker.data("mode.set", mode="mirror") == {}


def test_settings_over_the_socket_are_applied_whole_or_not_at_all(running: Running, asker: Asker) -> None:
    config = running.folder / "visaged.toml"
    before = config.read_text()
    assert asker.refusal("config.set", settings={"face": {"intensity": 50}}) == ("invalid", "settings.face.intensity")
    assert asker.refusal("config.set", settings={"device": {"id": "other"}})[0] == "refused"
    pins = ["CID_NEUTRAL_LOOP", "VF_NOD", "VF_NOT_THERE"]
    refusal = asker.refusal("config.set", settings={"capsules": {"pinned": pins}, "face": {"intensity": 0.1}})
    assert refusal[0] == "not_found"
    assert asker.data("config.get", section="face")["settings"]["face"]["intensity"] == 1.0
    assert config.read_text() == before
    applied = asker.data("config.set", settings={"livelink": {"subject": "renamed"}, "face": {"intensity": 0.5}})
    assert set(applied["changed"]) == {"livelink.subject", "face.intensity"}
    running.wait_for(lambda: running.packets[-1][1].subject == "renamed", "the new subject")
    running.wait_for(lambda: not asker.data("config.get", section="face")["on_probation"], "the probation to be over")
    assert 'subject = "renamed"' in config.read_text()
    assert asker.data("config.get", section="face")["settings"]["face"]["intensity"] == 0.5
    # The new sender took over where the old one ended.
    assert (np.diff(running.ticks()) > 0).all()
    subjects = [packet.subject for _, packet in running.packets]
    assert "renamed" not in subjects[: subjects.count("visaged")]


def test_restart_comes_back_with_the_same_process_id(running: Running, asker: Asker) -> None:
    pid = running.process.pid
    before = asker.data("ping")
    asker.data("restart")
    running.wait_for(lambda: running.log.count("control socket") == 2, "the second start")
    again = Asker(running.folder / "control.sock")
    after = again.data("ping")
    again.close()
    born = datetime.fromisoformat(after["time"]) - timedelta(seconds=after["uptime_s"])
    assert born > datetime.fromisoformat(before["time"])
    assert running.process.pid == pid
    assert running.process.poll() is None


def test_what_nobody_has_says_what_is_shown_instead(asker: Asker) -> None:
    (played,) = asker.data("capsule.play", cid="VF_NOBODY_HAS_IT")["played"]
    assert (played["state"], played["asked"]) == ("unknown", "VF_NOBODY_HAS_IT")
    assert played["cid"] == "VF_NEUTRAL"
    assert asker.data("capsule.play", cid="VF_NOD")["played"][0]["asked"] is None


def test_text_is_refused_while_nothing_speaks_it(asker: Asker) -> None:
    assert asker.refusal("packet", video_blend=[], tts_text="hello") == ("unavailable", "tts_text")


def test_a_pack_of_the_program_is_revoked_and_used_again(asker: Asker) -> None:
    assert "VF_NOD" in asker.data("pack.revoke", pack="starter")["removed"]
    assert asker.data("capsule.list")["total"] == 0
    assert "VF_NOD" in asker.data("pack.unrevoke", pack="starter")["added"]
    assert asker.refusal("pack.remove", name="starter") == ("invalid", "pack")
    assert asker.refusal("models.remove", name="lipsync", version="99.0.0") == ("failed", "name")
