"""Mode converse in a whole daemon, in this process, with a codec of tones; a peer on the loopback answers."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.codec.fakes import ToneDecoder, ToneEncoder
from tests.conversation.kiosk import Kiosk, Peer
from visaged.app import reload
from visaged.control.protocol.refusal import Refusal
from visaged.conversation.answer import ConverseError
from visaged.conversation.mode import PROBLEM
from visaged.conversation.parts import Partners
from visaged.inference.errors import NoPackageError, SessionError


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def make(tmp_path: Path, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Kiosk]]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    kiosks: list[Kiosk] = []

    def start(*items: str, **options: Any) -> Kiosk:
        kiosks.append(Kiosk(tmp_path, peer, *items, **options))
        return kiosks[-1]

    yield start
    for kiosk in kiosks:
        kiosk.daemon.stop()


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def tone(folder: Path) -> Path:
    """A second of a guest's voice."""
    sound = 0.3 * np.sin(2 * np.pi * 307 * np.arange(48_000) / 48_000)
    soundfile.write(folder / "tone.wav", sound.astype(np.float32), 48_000)
    return folder / "tone.wav"


CONVERSE = ("codec.enabled=true", 'device.mode="converse"')


def test_the_answer_moves_the_face_and_the_microphone_does_not(make: Callable[..., Kiosk], peer: Peer) -> None:
    kiosk = make(*CONVERSE)
    kiosk.until(lambda: bool(peer.heard), "the first message")
    assert not peer.heard[0].speech, "silence is told, and no frame of it sent"
    peer.say(20)
    kiosk.until(lambda: kiosk.jaw > 0.1, "the mouth to open")
    counts = [kiosk.daemon.stages.metrics.counter(f"codec.{name}") for name in ("heard", "lost", "dropped")]
    kiosk.until(lambda: sum(count.value for count in counts) >= 20, "every frame of it")
    kiosk.until(lambda: kiosk.kinds()[-1] == "answer_end", "the end")
    kiosk.until(lambda: kiosk.jaw < 0.03, "the mouth to close")
    health = kiosk.daemon.control.health.build()
    assert health.face.mode == "converse"
    assert health.codec.link == f"udp://127.0.0.1:{peer.port}"
    assert health.codec.heard == counts[0].value > 0
    assert health.codec.decode_p99_ms is not None


def test_the_guest_is_heard_by_the_peer_and_not_shown(make: Callable[..., Kiosk], peer: Peer, tmp_path: Path) -> None:
    kiosk, jaw = make(*CONVERSE, "audio.input.loop=true", path=tone(tmp_path)), [0.0]

    def spoken() -> int:
        jaw.append(kiosk.jaw)
        return sum(len(message.codes) for message in peer.heard if message.speech)

    kiosk.until(lambda: spoken() >= 36, "three seconds of the guest")
    kiosk.daemon.stages.capture.mute = True
    kiosk.until(lambda: kiosk.kinds()[-1] == "speech_end", "the end of it")
    assert set(kiosk.kinds()) == {"speech_start", "speech_end"}
    assert max(jaw) < 0.03


def test_a_guest_who_talks_over_the_avatar_stops_it(make: Callable[..., Kiosk], peer: Peer, tmp_path: Path) -> None:
    kiosk = make(*CONVERSE, "codec.barge_in_ms=300", "audio.input.loop=true", path=tone(tmp_path))
    kiosk.daemon.stages.capture.mute = True
    kiosk.daemon.stages.capsules.set_context("speaking")
    peer.heard.clear()
    kiosk.until(lambda: bool(peer.heard) and not peer.heard[-1].speech, "a message of silence")
    peer.say()
    kiosk.until(lambda: kiosk.jaw > 0.1, "the mouth to open")
    kiosk.daemon.stages.capture.mute = False
    kiosk.until(lambda: "barge_in" in kiosk.kinds(), "the barge-in")
    kiosk.until(lambda: "answer_end" in kiosk.kinds(), "the end of the answer")
    kiosk.until(lambda: kiosk.jaw < 0.03, "the mouth to close")
    assert kiosk.daemon.stages.capsules.statistics()["context"] == "listening"
    kiosk.until(lambda: peer.heard[-1].cut, "the word to the peer")
    kiosk.daemon.stages.capture.mute = True
    kiosk.until(lambda: kiosk.kinds()[-1] == "speech_end", "the guest to end")
    dropped = kiosk.daemon.stages.metrics.counter("codec.dropped")
    enough = dropped.value + 5
    kiosk.until(lambda: dropped.value > enough, "frames of the rest of the answer")
    assert kiosk.kinds().count("answer_start") == 1, "the rest of the answer is not heard"
    peer.hush()
    peer.say(10)
    kiosk.until(lambda: kiosk.kinds().count("answer_start") == 2, "the next answer")
    kiosk.until(lambda: kiosk.daemon.stages.capsules.statistics()["context"] == "speaking", "the context of before")
    kiosk.until(lambda: not peer.heard[-1].cut, "the word to the peer")


def test_the_mode_changes_while_it_runs_and_back(make: Callable[..., Kiosk], peer: Peer) -> None:
    kiosk = make("codec.enabled=true")
    converse = kiosk.daemon.stages.converse
    assert converse.mode == "mirror"
    for _ in range(2):
        converse.use("converse")
        assert kiosk.daemon.stages.animation.timeline is not kiosk.daemon.stages.capture.timeline
        peer.heard.clear()
        kiosk.until(lambda: bool(peer.heard), "a message")
        peer.say(10)
        kiosk.until(lambda: kiosk.jaw > 0.1, "the mouth to open")
        converse.use("mirror")
        assert kiosk.daemon.stages.solver.source is kiosk.daemon.stages.capture.ring
        assert kiosk.daemon.control.health.build().codec.link is None
        kiosk.until(lambda: kiosk.jaw < 0.03, "the mouth to close")
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"codec-up", "codec-down", "codec-udp"}


@pytest.mark.parametrize(
    ("items", "key"),
    [
        ((), "codec.enabled"),
        (("codec.enabled=true", "codec.link=none"), "codec.link"),
        (("codec.enabled=true", "codec.link=mqtt"), "mqtt.enabled"),
        (("codec.enabled=true", "codec.key_file=/no/such/key"), "codec.key_file"),
    ],
)
def test_what_is_missing_is_named_and_nothing_changes(
    make: Callable[..., Kiosk], items: tuple[str, ...], key: str
) -> None:
    kiosk = make(*items)
    with pytest.raises(ConverseError) as refused:
        kiosk.daemon.stages.converse.use("converse")
    assert refused.value.key == key
    assert kiosk.daemon.stages.converse.mode == "mirror"


def test_without_packages_the_daemon_mirrors_and_says_why(make: Callable[..., Kiosk], tmp_path: Path) -> None:
    kiosk = make("codec.enabled=true")

    def nothing(settings: object, roots: object) -> None:
        raise NoPackageError("no usable mimi-encoder package in /nowhere")

    kiosk.daemon.stages.converse.open_models = nothing  # type: ignore[assignment]
    settings = kiosk.daemon.stages.settings
    device = settings.device.model_copy(update={"mode": "converse"})
    kiosk.daemon.stages.converse.settings = settings.model_copy(update={"device": device})
    kiosk.daemon.stages.converse.start(_partners(kiosk))
    kiosk.until(lambda: PROBLEM in kiosk.problems, "the problem")
    assert "mimi-encoder" in kiosk.problems[PROBLEM]
    assert kiosk.daemon.stages.converse.mode == "mirror"
    assert kiosk.daemon.stages.solver.source is kiosk.daemon.stages.capture.ring


def test_a_codec_that_does_not_run_is_refused_and_nothing_changes(make: Callable[..., Kiosk]) -> None:
    kiosk, decoder = make("codec.enabled=true"), ToneDecoder()
    decoder.fail = SessionError("mimi-decoder.onnx: no kernel for that")
    kiosk.daemon.stages.converse.open_models = lambda settings, roots: (ToneEncoder(), decoder)
    with pytest.raises(ConverseError, match="no kernel"):
        kiosk.daemon.stages.converse.use("converse")
    assert kiosk.daemon.stages.converse.mode == "mirror"


def test_settings_change_the_conversation_or_leave_it_as_it_is(make: Callable[..., Kiosk], peer: Peer) -> None:
    kiosk = make(*CONVERSE)
    kiosk.until(lambda: bool(peer.heard), "the first message")
    daemon, before = kiosk.daemon, peer.heard[-1].stream_id

    def with_codec(**changes: Any) -> Any:
        settings = daemon.stages.settings
        return settings.model_copy(update={"codec": settings.codec.model_copy(update=changes)})

    with pytest.raises(Refusal) as refused:
        reload.apply(daemon.stages, with_codec(enabled=False), [])
    assert refused.value.field == "settings.codec.enabled"
    assert daemon.stages.settings.codec.enabled
    peer.heard.clear()
    kiosk.until(lambda: bool(peer.heard), "a message")
    assert {message.stream_id for message in peer.heard} == {before}, "the same conversation"
    reload.apply(daemon.stages, with_codec(silence="send"), [])
    kiosk.until(lambda: any(len(message.codes) for message in peer.heard), "frames of silence")
    assert not any(message.speech for message in peer.heard)
    assert peer.heard[-1].stream_id != before, "another conversation"


def test_a_muted_microphone_sends_no_speech(make: Callable[..., Kiosk], peer: Peer, tmp_path: Path) -> None:
    kiosk = make(*CONVERSE, "audio.input.loop=true", path=tone(tmp_path))
    kiosk.until(lambda: any(message.speech for message in peer.heard), "the guest")
    kiosk.daemon.stages.capture.mute = True
    kiosk.until(lambda: kiosk.kinds()[-1] == "speech_end", "the end of it")
    peer.heard.clear()
    kiosk.until(lambda: len(peer.heard) >= 3, "signs of life")
    assert not any(message.speech for message in peer.heard)


@pytest.mark.usefixtures("no_collector")
def test_a_conversation_that_is_over_keeps_no_memory(make: Callable[..., Kiosk], peer: Peer) -> None:
    """Its models are hundreds of megabytes; ten that wait for the collector of circles are more than the box has."""
    kiosk = make("codec.enabled=true")
    opened: list[weakref.ref[Any]] = []

    def open_models(settings: Any, roots: Any) -> tuple[ToneEncoder, ToneDecoder]:
        models = ToneEncoder(), ToneDecoder()
        opened.extend(weakref.ref(model) for model in models)
        return models

    kiosk.daemon.stages.converse.open_models = open_models
    for _ in range(2):
        kiosk.daemon.stages.converse.use("converse")
        kiosk.until(lambda: bool(peer.heard), "the first message")
        assert all(model() is not None for model in opened)
        kiosk.daemon.stages.converse.use("mirror")
        assert [model() for model in opened] == [None, None]
        assert "codec.depth" not in kiosk.daemon.stages.metrics.values()
        opened.clear()


def _partners(kiosk: Kiosk) -> Partners:
    control, stages = kiosk.daemon.control, kiosk.daemon.stages
    return Partners(control.mqtt, control.events.tell, stages.playback, stages.line_voice, stages.capsules)
