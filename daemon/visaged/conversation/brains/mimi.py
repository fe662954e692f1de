"""The brain ``mimi``: a peer that speaks codec frames; everything from the microphone up and from the peer down.

It is made whole or not at all, started, and stopped; another peer, another codec is another conversation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from visaged.audio.ring import Sound
from visaged.capsules.errors import CapsuleError
from visaged.clock import NS_PER_S, now_ns
from visaged.codec.down.downlink import Downlink
from visaged.codec.link import Link
from visaged.codec.link_key import LinkKeyError, read_key
from visaged.codec.models import Models, OpenModels
from visaged.codec.seal import Role, Seal
from visaged.codec.udp import UdpLink
from visaged.codec.up.barge_in import BargeIn
from visaged.codec.up.speech_gate import SpeechGate
from visaged.codec.up.uplink import Uplink
from visaged.config import Settings
from visaged.config.credential import CODEC_KEY, secret_path
from visaged.conversation.answer import AnswerVoice, ConverseError
from visaged.conversation.brains.mqtt_link import MqttCodecLink
from visaged.conversation.opening import open_guest_detector, open_guest_echo_canceller
from visaged.conversation.parts import FaceParts, Partners
from visaged.conversation.weakly import weakly
from visaged.inference.errors import NoPackageError
from visaged.windowed_metrics import WindowedMetrics

log = logging.getLogger(__name__)

CONTEXT: Final = "listening"
"""The capsules' context while the avatar has let the guest speak."""
# A line that is cut off: as long as a person takes to close the mouth.
_FADE_MS: Final = 200


def check(settings: Settings) -> None:
    """What the settings alone can tell. Raises ConverseError."""
    codec = settings.codec
    if not codec.enabled:
        why = "mode converse sends what the microphone hears over the link; allow that with codec.enabled = true"
        raise ConverseError(why, "codec.enabled")
    if codec.link == "none":
        raise ConverseError("mode converse needs a way to the brain: mqtt or udp://HOST:PORT", "codec.link")
    if codec.link == "mqtt" and not settings.mqtt.enabled:
        raise ConverseError("codec.link is mqtt, but mqtt.enabled is false", "mqtt.enabled")


_COUNTERS: Final = (
    "sent",
    "received",
    "heard",
    "lost",
    "late",
    "concealed",
    "shortened",
    "dropped",
    "duplicates",
    "reordered",
    "refused",
    "forged",
)


class Conversation:
    """``start``, then figures, then ``stop``; all from one thread at a time."""

    section = "codec"

    def __init__(
        self,
        settings: Settings,
        parts: FaceParts,
        partners: Partners,
        voice: AnswerVoice,
        open_models: OpenModels,
    ) -> None:
        """``voice``: where the answer goes. Raises ConverseError, with nothing running.

        Its stages tell it by weak references: what is in no circle is gone, models and all, when it is let go of.
        """
        check(settings)
        codec = settings.codec
        self._parts = parts
        self._partners = partners
        self._tell = partners.tell
        self._windowed = WindowedMetrics(
            parts.metrics, now_ns(), histograms=("codec.encode", "codec.decode", "codec.buffered")
        )
        self._barge_in = BargeIn(codec.barge_in_ms)
        self._context: str | None = None
        self.encoder, self.decoder = _open(settings, parts.model_roots, open_models)
        self.echo_canceller = open_guest_echo_canceller(settings)
        # Below all that moves the face, as the commands are.
        priority = max(settings.runtime.realtime_priority - 2, 0)
        self.down = Downlink(
            self.decoder,
            voice.ring,
            voice.timeline,
            parts.metrics,
            parts.problems,
            most_wait_ms=codec.jitter_max_ms,
            ahead_s=codec.ahead_s,
            realtime_priority=priority,
            on_speech=weakly(self._on_answer),
        )
        self.link = _make_link(settings, parts, partners, self.down.receive)
        self.up = Uplink(
            parts.capture.ring,
            self.encoder,
            self.link.send,
            parts.metrics,
            parts.problems,
            gate=SpeechGate(
                open_guest_detector(settings), level_dbfs=codec.vad_level_dbfs, hang_over_ms=codec.hang_over_ms
            ),
            echo_canceller=self.echo_canceller,
            send_silence=codec.silence == "send",
            realtime_priority=priority,
            played=weakly(self._played),
            on_speech=weakly(self._on_guest),
            on_heard=weakly(self._on_heard),
        )
        log.info("converse: %s, echo and noise: %s", self.link.name, self.echo_canceller.name)

    def start(self) -> None:
        """Begin."""
        self.down.start()
        self.link.start()
        self.up.start()

    def stop(self) -> None:
        """End; what was set for it is put back."""
        self.up.stop()
        self.link.stop()
        self.down.stop()
        self._restore_context()

    def restart(self) -> None:
        """Both threads anew (the watchdog)."""
        for stage in (self.up, self.down):
            stage.stop()
            stage.start()

    @property
    def alive_ns(self) -> int:
        """The older sign of life of the two threads; 0: one is not started."""
        return min(self.up.alive_ns, self.down.alive_ns)

    def health(self) -> dict[str, Any]:
        """Health's section ``codec``. Any thread."""
        metrics, down = self._parts.metrics, self.down
        window = self._windowed.read(now_ns()).histograms
        heard_ns = down.heard_ns
        figures: dict[str, Any] = {name: metrics.counter(f"codec.{name}").value for name in _COUNTERS}
        values = metrics.values()
        return figures | {
            "link": self.link.name,
            "echo": self.echo_canceller.name,
            "encode_p99_ms": window["codec.encode"].percentile_ms(99),
            "decode_p99_ms": window["codec.decode"].percentile_ms(99),
            "buffered_p50_ms": window["codec.buffered"].percentile_ms(50),
            "wait_ms": values.get("codec.wait_ms"),
            "depth": values.get("codec.depth"),
            "drift_ppm": values.get("codec.drift_ppm"),
            "guest_speaks": self.up.speaking,
            "peer_speaks": down.speaking,
            "peer_silent_s": None if heard_ns is None else round((now_ns() - heard_ns) / NS_PER_S, 1),
            "refusal": down.refusal or None,
        }

    def _played(self, index: int, out: Sound) -> None:
        self._partners.playback.played.at(self._parts.capture.timeline.time_at(index), out)

    def _on_guest(self, speaking: bool) -> None:
        self._tell("speech_start" if speaking else "speech_end")

    def _on_answer(self, speaking: bool) -> None:
        self._tell("answer_start" if speaking else "answer_end")
        if speaking:
            self.up.cut = False
            self._restore_context()

    def _on_heard(self, speaking: bool, duration_ms: float) -> None:
        avatar = self.down.speaking or self._partners.line_voice.playing
        if self._barge_in.hear(speaking, avatar, duration_ms):
            self.down.interrupt()
            self.up.cut = True
            self._tell("barge_in")
            self._listen()

    def _listen(self) -> None:
        capsules = self._partners.capsules
        try:
            capsules.stop_lines(_FADE_MS)
            before = str(capsules.statistics()["context"])
            capsules.set_context(CONTEXT)
        except CapsuleError as error:
            log.warning("barge-in: %s", error)
            return
        if self._context is None and before != CONTEXT:
            self._context = before

    def _restore_context(self) -> None:
        before, self._context = self._context, None
        if before is None or self._partners.capsules.statistics()["context"] != CONTEXT:
            return
        try:
            self._partners.capsules.set_context(before)
        except CapsuleError as error:
            log.warning("after a barge-in: %s", error)


def _make_link(settings: Settings, parts: FaceParts, partners: Partners, take: Callable[[bytes], None]) -> Link:
    codec = settings.codec
    if codec.link == "mqtt":
        return MqttCodecLink(partners.broker, take)
    host, _, port = codec.link.removeprefix("udp://").rpartition(":")
    path = secret_path(codec.key_file, CODEC_KEY)
    try:
        seal = None if path is None else Seal(read_key(path), Role.BOX)
    except LinkKeyError as error:
        raise ConverseError(str(error), "codec.key_file") from None
    metrics, problems = parts.metrics, parts.problems
    return UdpLink(host.strip("[]"), int(port), take, metrics, problems, local_port=codec.port, seal=seal)


def _open(settings: Settings, roots: Sequence[Path], open_models: OpenModels) -> Models:
    try:
        return open_models(settings, roots)
    except NoPackageError as error:
        raise ConverseError(f"the codec cannot be used: {error}", "codec.model") from None
