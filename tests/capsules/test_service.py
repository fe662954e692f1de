"""The whole of it with its real threads: commands in, a face out, on a clock of the test's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.capsules.fakes import RecordingSink, ms
from tests.capsules.making import JAW, SMILE, capsule, files, neutral, new_key, raw_pack, signed_pack
from tests.patience import PATIENCE_S, wait_until
from visaged.capsules.errors import BusyError, CapsuleError, UnknownError
from visaged.capsules.file.capsule import Capsule, Pcm, Tokens
from visaged.capsules.file.header import ExpressedEmotion, Trigger, VoiceRequirement
from visaged.capsules.library.install import revoke
from visaged.capsules.library.library import Library
from visaged.capsules.playing.side_effects import Notice
from visaged.capsules.service import Capsules
from visaged.clock import now_ns
from visaged.curves import Pose
from visaged.files import write_atomic
from visaged.id_packet import IdPacket
from visaged.inference.memory import HostSlab
from visaged.problems import Problems

TABLES = b"""
[events.E_1]
face = "VF_A"
voice = "VL_A"
hand = "HF_A"
[profiles.calm]
capsules = [{ cid = "VF_B", weight = 0.5 }]
global_modifiers = { tempo_factor = 0.5 }
[contexts.listening]
base = "CID_LISTEN"
gestures = [{ cid = "VF_A", every_s = 1.0, abort_probability = 0.0 }]
"""
CAPSULES = (
    neutral(),
    capsule("CID_NEUTRAL_LOOP", value=0.0),
    capsule("CID_LISTEN", value=0.3, curve=SMILE),
    capsule("VF_A", value=0.4),
    capsule("VF_B", value=0.6, curve=SMILE),
    capsule("VF_HAPPY", value=0.5, curve=2, emotion=ExpressedEmotion(valence=1.0)),
    capsule("VF_LEAD", curve=3, trigger=Trigger(relative_to="speech_onset", offset_ms=-100)),
    capsule("VF_VOICED", voice=VoiceRequirement(required_cid="VL_A")),
    capsule("VL_A", value=0.5),
    capsule("VL_TOKENS", frames=96, tokens=np.ones((20, 8), np.uint16)),
    capsule("HF_A"),
)
_LOADABLE = len(CAPSULES) - 1  # a cue has nothing to cache
_SHORT_S = 0.001
"""As ``ttl_s``: what is not used is dropped when the loader looks next."""


class Set:
    """Capsules with threads, a simulated clock, and what came out of it."""

    def __init__(
        self, tmp_path: Path, content: tuple[Capsule, ...] = CAPSULES, mib: float = 1.0, **fields: Any
    ) -> None:
        built_in = raw_pack(
            tmp_path / "starter.zip", [*files(*content).items(), ("moves.toml", TABLES)], name="starter"
        )
        # In the past, so that the side effects, which goes by the real clock, sends at once.
        self.now = now_ns() - 3600 * 1_000_000_000
        self.sink = RecordingSink()
        self.notices: list[Notice] = []
        self.capsules = Capsules(
            tmp_path / "library",
            HostSlab(int(mib * 1024 * 1024)),
            seed=7,
            voice=self.sink,
            listener=self.notices.append,
            library=Library(tmp_path / "library", built_in=[built_in]),
            clock=lambda: self.now,
            **fields,
        )

    def step(self, ticks: int = 1) -> Pose:
        """The last of so many ticks."""
        for _ in range(ticks):
            self.now += 16_666_667
            pose = np.zeros(61, np.float32)
            self.capsules.layer.apply(pose, self.now)
        return pose

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the threads work until ``condition``."""
        wait_until(condition)

    def expired(self, count: int) -> None:
        """Let so many go that nobody used."""
        self.until(lambda: int(self.capsules.statistics()["expired"]) >= count)

    def loaded(self, count: int) -> None:
        """Let prefetching finish."""
        self.until(lambda: int(self.capsules.statistics()["cached"]) >= count)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Set]:
    stage = Set(tmp_path, decoder=lambda tokens: np.full(len(tokens) * 1920, 5, np.int16))
    stage.capsules.start()
    stage.loaded(_LOADABLE)
    yield stage
    stage.capsules.stop()


def test_play_moves_the_face_and_says_so(stage: Set) -> None:
    played = stage.capsules.play("VF_A", 0.5)
    assert played.state == "cached"
    assert stage.step(20)[JAW] == pytest.approx(0.2, abs=1e-2)
    stage.step(60)
    stage.until(lambda: any(n["kind"] == "capsule_end" and n["ticket"] == played.ticket for n in stage.notices))


def test_unknown_ids_fall_back_and_are_counted(stage: Set) -> None:
    assert stage.capsules.play("VF_NOWHERE").state == "unknown"
    assert stage.capsules.play("VF_NOWHERE", fallback="VF_A").state == "unknown"
    assert stage.step(20)[JAW] == pytest.approx(0.4, abs=1e-2)
    assert stage.capsules.statistics()["unknown"] == 2


@pytest.mark.parametrize("weight", [float("nan"), -0.1, 2.5, 1e9])
def test_bad_weights_are_refused(stage: Set, weight: float) -> None:
    with pytest.raises(CapsuleError, match="weight"):
        stage.capsules.play("VF_A", weight)


def test_a_weight_that_cannot_be_seen_is_dropped(stage: Set) -> None:
    stage.capsules.play("VF_A", 0.04)
    assert stage.step(20)[JAW] == 0


def test_a_miss_shows_the_fallback_then_the_capsule(tmp_path: Path) -> None:
    loop = (*CAPSULES[:2], capsule("VF_A", frames=120, fallback_cid="VF_NEUTRAL"))
    stage = Set(tmp_path, loop, mib=1, ttl_s=_SHORT_S)
    stage.capsules.start()
    stage.expired(1)
    played = stage.capsules.play("VF_A")
    assert played.state == "loading"
    stage.until(lambda: stage.step(3)[JAW] > 0.3)
    figures = stage.capsules.statistics()
    assert figures["misses"] == 1
    assert [n["cid"] for n in stage.notices if n["kind"] == "capsule_miss"] == ["VF_A"]
    stage.capsules.stop()


def test_a_capsule_stopped_while_it_loads_does_not_come(tmp_path: Path) -> None:
    stage = Set(tmp_path, ttl_s=_SHORT_S)
    stage.capsules.start()
    stage.expired(_LOADABLE - 2)  # all but the two that are always pinned
    gate = threading.Event()
    stage.capsules._clip_store.loader.submit(lambda: bool(gate.wait(PATIENCE_S)), urgent=True)  # type: ignore[arg-type, return-value]
    stage.capsules.play("VF_A")
    stage.capsules.stop_playing(cid="VF_A")
    gate.set()
    stage.expired(_LOADABLE - 1)  # it was loaded, and nobody used it
    assert stage.step(30)[JAW] == 0
    stage.until(lambda: stage.capsules._clip_store.statistics().leased == 1)  # the base loop's
    stage.capsules.stop()


def test_a_packet_is_carried_out_whole(stage: Set) -> None:
    stage.capsules.packet(
        IdPacket.model_validate(
            {
                "video_blend": [{"cid": "VF_A", "w": 0.5}],
                "profile": "calm",
                "context": "listening",
                "emotion": {"valence": 1.0},
            }
        )
    )
    pose = stage.step(30)
    assert pose[JAW] == pytest.approx(0.2, abs=0.02)
    assert pose[SMILE] > 0.3  # the profile's and the context's
    assert stage.capsules.emotion()[0] > 0.2
    figures = stage.capsules.statistics()
    assert (figures["profile"], figures["context"]) == ("calm", "listening")


@pytest.mark.parametrize(
    "bad",
    [
        {"profile": "nothing"},
        {"context": "nothing"},
        {"video_blend": [{"cid": "E_NOTHING"}]},
        {"video_blend": [{"cid": "XX_A"}]},
        {"video_blend": [{"cid": "VF_A", "layer": "moon"}]},
    ],
)
def test_a_packet_with_something_unknown_is_refused_whole(stage: Set, bad: dict[str, Any]) -> None:
    whole = {"video_blend": [{"cid": "VF_A"}], "emotion": {"valence": 1.0}} | bad
    if "video_blend" in bad:
        whole["video_blend"] = [{"cid": "VF_A"}, *bad["video_blend"]]
    with pytest.raises(CapsuleError):
        stage.capsules.packet(IdPacket.model_validate(whole))
    assert stage.step(20)[JAW] == 0
    assert stage.capsules.emotion()[0] == 0


def test_lead_lag_orders_hand_face_and_voice(stage: Set) -> None:
    start = stage.now
    stage.capsules.packet(
        IdPacket.model_validate(
            {
                "video_blend": [{"cid": "VF_A"}, {"cid": "HF_A"}],
                "voice_blend": [{"cid": "VL_A"}],
                "lead_lag_ms": {"hand": 0, "face": 100, "voice": 200},
            }
        )
    )
    first = next(tick for tick in range(1, 60) if stage.step()[JAW] > 0)
    assert first * 16.67 == pytest.approx(108, abs=10)
    stage.until(lambda: len(stage.sink.played) == 1)
    assert stage.sink.played[0][1] == start + ms(200)


def test_a_packets_capsules_use_their_own_trigger(stage: Set) -> None:
    stage.capsules.packet(IdPacket.model_validate({"video_blend": [{"cid": "VF_LEAD"}]}))
    assert stage.step(60)[3] == 0
    stage.capsules.speech_onset(stage.now)
    assert stage.step(10)[3] > 0
    stage.capsules.play("VF_LEAD")  # by hand it is played at once
    assert stage.step(10)[3] > 0


def test_a_required_voice_comes_along(stage: Set) -> None:
    played = stage.capsules.packet(IdPacket.model_validate({"video_blend": [{"cid": "VF_VOICED"}]}))
    assert [one.cid for one in played] == ["VF_VOICED", "VL_A"]


def test_an_event_plays_its_row(stage: Set) -> None:
    played = stage.capsules.event("E_1")
    assert [one.cid for one in played] == ["VF_A", "HF_A", "VL_A"]
    with pytest.raises(UnknownError, match="E_1"):
        stage.capsules.event("E_2")
    with pytest.raises(CapsuleError, match="weight"):
        stage.capsules.event("E_1", float("nan"))


def test_an_event_can_be_asked_for_ahead(stage: Set) -> None:
    stage.capsules.event("E_1", 0.5, at_ns=stage.now + ms(500))
    assert stage.step(30)[JAW] == 0
    assert 0 < stage.step(15)[JAW] < 0.5


def test_a_line_of_tokens_is_decoded_when_it_is_loaded(stage: Set) -> None:
    stage.capsules.play("VL_TOKENS")
    stage.step(3)
    stage.until(lambda: len(stage.sink.played) == 1)
    np.testing.assert_array_equal(stage.sink.played[0][0], np.full(20 * 1920, 5))


def test_without_a_codec_a_line_of_tokens_moves_in_silence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = Set(tmp_path)
    stage.capsules.start()
    stage.loaded(_LOADABLE)
    stage.capsules.play("VL_TOKENS")
    assert stage.step(20)[JAW] > 0.3
    assert "not heard" in caplog.text
    stage.capsules.stop()


def _write_table(stage: Set, text: str) -> None:
    folder = stage.capsules.library.tables_dir
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / "mine.toml", text.encode())


def test_a_profile_is_edited_while_it_is_shown(tmp_path: Path) -> None:
    problems = Problems()
    stage = Set(tmp_path, problems=problems)
    stage.capsules.start()
    stage.loaded(4)
    profiles = lambda: stage.capsules.library.catalogue.tables.profiles  # noqa: E731
    _write_table(stage, "[profiles.mine]\ncapsules = [{ cid = 'VF_A', weight = 0.5 }]")
    stage.until(lambda: "mine" in profiles())
    stage.capsules.set_profile("mine")
    assert stage.step(20)[JAW] == pytest.approx(0.2, abs=1e-2)

    _write_table(stage, "[profiles.mine]\ncapsules = [{ cid = 'VF_B', weight = 0.5 }]")
    stage.until(lambda: stage.step(1)[SMILE] > 0)

    _write_table(stage, "[profiles.mine]\ncapsules = [{ cid = 'VF_B', weight = 5 }]")
    stage.until(lambda: bool(problems.current()))
    (problem,) = problems.current()
    assert problem.code == "capsule_tables"
    assert "mine.toml" in problem.message and "weight" in problem.message and "as it was before" in problem.message
    assert profiles()["mine"].capsules[0].cid == "VF_B"
    assert stage.capsules.statistics()["profile"] == "mine"

    (stage.capsules.library.tables_dir / "mine.toml").unlink()
    stage.until(lambda: stage.capsules.statistics()["profile"] == "")
    assert not problems.current()
    stage.capsules.stop()


def test_a_profile_changes_what_comes_until_it_ends(stage: Set) -> None:
    stage.capsules.set_profile("calm")
    stage.capsules.play("VF_A")
    assert stage.step(90)[JAW] > 0.3  # at half the tempo it lasts two seconds
    stage.capsules.set_profile("")
    assert stage.step(40)[SMILE] == 0
    with pytest.raises(UnknownError, match="calm"):
        stage.capsules.set_profile("nothing")


def test_a_context_brings_its_loop_and_gestures_and_takes_them_away(stage: Set) -> None:
    stage.capsules.set_context("listening")
    assert max(stage.step()[JAW] for _ in range(150)) > 0.3
    assert stage.step()[SMILE] == pytest.approx(0.3, abs=1e-2)
    stage.capsules.set_context("")
    stage.step(90)
    assert max(stage.step()[SMILE + 0] for _ in range(10)) == 0
    assert max(stage.step()[JAW] for _ in range(200)) == 0
    with pytest.raises(UnknownError, match="listening"):
        stage.capsules.set_context("nothing")


def test_an_emotion_becomes_a_face_and_passes(stage: Set) -> None:
    stage.capsules.set_emotion((1.0, 0.0, 0.0))
    stage.step(2)
    stage.until(lambda: stage.step()[2] > 0.2)
    for _ in range(12 * 60):
        stage.step()
        time.sleep(0.0002)
    stage.until(lambda: stage.step()[2] < 0.02)


def test_stopping_all_leaves_the_base_loop(stage: Set) -> None:
    stage.capsules.play("VF_A")
    stage.step(10)
    stage.capsules.stop_playing()
    assert stage.step(40)[JAW] == 0
    assert [cid for _, cid in stage.capsules.layer.playing] == ["CID_NEUTRAL_LOOP"]


def test_a_flood_is_refused_and_counted(stage: Set) -> None:
    with pytest.raises(BusyError):
        for _ in range(1000):
            stage.capsules.play("VF_A")
    assert stage.capsules.statistics()["refused"] == 1
    stage.step(20)
    stage.capsules.play("VF_A")


def test_a_thousand_packets_a_second_leave_the_face_smooth(stage: Set) -> None:
    poses, busy = [], 0
    for index in range(180):
        for part in range(17):
            cid = ("VF_A", "VF_B", "VF_HAPPY")[(index + part) % 3]
            try:
                stage.capsules.packet(IdPacket.model_validate({"video_blend": [{"cid": cid, "w": 0.5}]}))
            except BusyError:
                busy += 1
        poses.append(stage.step())
    figures = stage.capsules.statistics()
    assert busy > 1000
    assert figures["refused"] == busy
    # 0.3 with fades of 50 ms, one clip taking over from another.
    assert np.abs(np.diff(np.array(poses), axis=0)).max() < 0.2
    assert np.array(poses)[60:, JAW].max() < 0.6


def test_what_is_pinned_stays_and_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    big = capsule("VF_BIG", frames=6000)
    stage = Set(tmp_path, (*CAPSULES, big), mib=0.5)
    with pytest.raises(CapsuleError, match=r"capsules\.pinned: does not fit"):
        stage.capsules.start(pinned=["VF_BIG"])
    assert not any(thread.name.startswith("capsule-") for thread in threading.enumerate())
    stage.capsules.start()  # without that pin it runs
    stage.loaded(_LOADABLE)
    assert stage.capsules.play("VF_A").state == "cached"
    stage.capsules.stop()


def test_pins_and_prefetch_by_command(tmp_path: Path) -> None:
    stage = Set(tmp_path, ttl_s=_SHORT_S)
    stage.capsules.start()
    stage.expired(_LOADABLE - 2)
    stage.capsules.pin("VF_A")
    assert stage.capsules.prefetch(["VF_B"]) == 1
    stage.expired(_LOADABLE - 1)
    assert stage.capsules.play("VF_A").state == "cached"
    assert stage.capsules.prefetch(["VF_A", "VF_B", "HF_A"]) == 1
    with pytest.raises(UnknownError):
        stage.capsules.prefetch(["VF_B", "VF_NOWHERE"])
    stage.capsules.unpin("VF_A")
    with pytest.raises(CapsuleError, match="last fallback"):
        stage.capsules.unpin("VF_NEUTRAL")
    stage.capsules.stop()


def test_revoking_a_pack_takes_its_capsules_off_the_face(stage: Set, tmp_path: Path) -> None:
    pack = signed_pack(tmp_path / "p.zip", new_key(tmp_path), files(capsule("VF_BRAND", frames=600, value=0.7)))
    stage.capsules.install_pack(pack, tmp_path)
    stage.capsules.prefetch(["VF_BRAND"])
    stage.loaded(len(CAPSULES))
    stage.capsules.play("VF_BRAND")
    assert stage.step(30)[JAW] == pytest.approx(0.7, abs=1e-2)
    stage.capsules.change_library(lambda library: revoke(library, "brand"))
    assert stage.step(30)[JAW] == 0
    assert stage.capsules.play("VF_BRAND").state == "unknown"
    stage.until(lambda: int(stage.capsules.statistics()["cached"]) == _LOADABLE)


def test_the_whole_starter_revoked_leaves_a_still_face(stage: Set) -> None:
    stage.capsules.play("VF_A")
    stage.step(10)
    stage.capsules.change_library(lambda library: revoke(library, "starter"))
    assert np.abs(stage.step(90)).max() < 1e-3
    with pytest.raises(UnknownError, match="VF_NEUTRAL"):
        stage.capsules.play("VF_A")


def test_every_lease_comes_back(stage: Set) -> None:
    for index in range(40):
        stage.capsules.play(("VF_A", "VF_B", "VL_A", "VF_NOWHERE")[index % 4], 0.5)
        stage.step(3)
    stage.capsules.set_context("listening")
    stage.step(200)
    stage.capsules.set_context("")
    stage.capsules.stop_playing()
    stage.step(120)
    stage.until(lambda: stage.capsules._clip_store.statistics().leased == 1)


def test_pcm_and_tokens_have_the_documented_types() -> None:
    """What the daemon connects: a decoder takes uint16 [N, codebooks] and gives int16 [samples]."""

    def decoder(tokens: Tokens) -> Pcm:
        assert tokens.dtype == np.uint16
        return np.zeros(len(tokens) * 1920, np.int16)

    assert decoder(np.zeros((3, 8), np.uint16)).shape == (5760,)


def test_files_of_the_library_that_cannot_be_used_are_a_problem_until_they_are_gone(tmp_path: Path) -> None:
    problems = Problems()
    stage = Set(tmp_path, problems=problems)
    stage.capsules.start()
    damaged = tmp_path / "library" / "packs" / "mine.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"\xff\x00 garbage")
    stage.until(lambda: [problem.code for problem in problems.current()] == ["capsule_library"])
    assert "mine.json" in problems.current()[0].message
    assert stage.capsules.play("VF_A").state == "cached", "the rest is used"
    damaged.unlink()
    stage.until(lambda: problems.current() == ())
    stage.capsules.stop()
