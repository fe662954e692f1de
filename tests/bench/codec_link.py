"""Mouth to ear: what the codec and the link add, and how they bear a bad network.

A microphone that is paced by the clock feeds the way up; ``visaged codec peer --at-once``, a process of its own, sends
every frame back; the way down plays it. Added is the time from a sample's capture to the time at which it is due at the
listener's: the frame that it waits for, encoding, the link both ways, the jitter buffer, decoding. Random weights of
Mimi's true shapes, int8 transformer, both directions in this process on a thread each.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr

from tests.bench.report import Bench, Row
from tests.codec.clicks import find_clicks
from tests.codec.fakes import ToneDecoder, ToneEncoder
from tests.codec.true_size import true_size
from tests.codec.virtual import listen, speech
from tests.control.broker import Broker, free_port
from visaged import samples
from visaged.audio.ring import AudioRing, Sound
from visaged.clock import NS_PER_MS, NS_PER_S, RATE_HZ, Timeline, now_ns, sleep_until
from visaged.codec.down.downlink import Downlink
from visaged.codec.down.playout import FRAME_NS, PlayoutKind, Step
from visaged.codec.frame_codec import FRAME
from visaged.codec.link import Link
from visaged.codec.mimi import MimiDecoder, MimiEncoder
from visaged.codec.peer.impairment import Impairment
from visaged.codec.udp import UdpLink
from visaged.codec.up.echo_canceller import NoCancellation
from visaged.codec.up.speech_gate import SpeechGate, open_detector
from visaged.codec.up.uplink import Uplink
from visaged.config import MqttSettings
from visaged.inference.package import load_package
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime

SECONDS: Final = 30.0
TARGET_MS: Final = 200.0
_BLOCK: Final = RATE_HZ // 100
# That of the daemon's threads, with its default settings.
_PRIORITY: Final = 8
# The hardest network that the target names, both ways, so that each message meets it twice.
_BAD: Final = ("--loss=5", "--jitter-ms=30", "--reorder=2", "--duplicate=5")


def measure() -> Bench:
    """All rows."""
    packages = true_size()
    note = (
        f"{SECONDS:g} s each. Added: from capture to due at the listener; of it 80 ms are the frame itself. The bad "
        "network (5 % loss, 0-30 ms jitter, 2 % overtaken, 5 % twice) is met on the way up and again on the way down, "
        "so of 100 frames about 10 are lost. Gated: Silero finds speech, and each spurt begins with the two frames "
        "before it, which are 160 ms old when they are sent. Virtual: one way, five minutes, a codec of tones, whose "
        "clicks a detector finds; buffered is from sent to due, without encoding."
    )
    rows = [
        _live("UDP, everything sent", packages, "off"),
        _live("MQTT, everything sent", packages, "off", mqtt=True),
        _live("UDP, speech only (gated)", packages, "silero"),
        _live("UDP over a bad network, everything sent", packages, "off", _BAD),
        _virtual("virtual, good network", Impairment()),
        _virtual("virtual, bad network", Impairment(0.05, 30.0, 0.02, 0.05)),
        _virtual("virtual, bad network, clock 100 ppm off", Impairment(0.05, 30.0, 0.02, 0.05), pace=1.0001),
    ]
    return Bench("codec_link", "python -m tests.bench codec_link", rows, note)


class _Recorded(Downlink):
    """A way down that remembers when each frame is due."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.dues: dict[int, float] = {}

    def _lay(self, step: Step) -> int:
        due_ns = self.timeline.time_at(self.ring.end)
        if step.kind is PlayoutKind.FRAME and due_ns is not None:
            self.dues[step.sequence % 2**32] = due_ns
        return super()._lay(step)


def _live(what: str, packages: Path, vad: str, impairment: tuple[str, ...] = (), *, mqtt: bool = False) -> Row:
    with tempfile.TemporaryDirectory() as folder, _broker(Path(folder), mqtt) as port:
        udp = free_port()
        way = ("--device=bench", f"--broker=127.0.0.1:{port}") if mqtt else (f"--udp=127.0.0.1:{udp}",)
        command = (sys.executable, "-m", "visaged", "codec", "peer", "--at-once", *way, *impairment)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as peer:
            time.sleep(3.0)
            metrics = Metrics()
            delays_ms, cpu_percent = _talk(packages, vad, metrics, port if mqtt else None, udp)
            peer.terminate()
    p50, p95, largest = np.percentile(delays_ms, (50, 95, 100)).tolist()
    counts = {name: metrics.counter(f"codec.{name}").value for name in ("heard", "lost", "late", "concealed")}
    bad = bool(impairment)
    return Row(
        what,
        {
            "added p50 ms": p50,
            "added p95 ms": p95,
            "added max ms": largest,
            "encode p99 ms": metrics.histogram("codec.encode").read().percentile_ms(99),
            "decode p99 ms": metrics.histogram("codec.decode").read().percentile_ms(99),
            **counts,
            "CPU %": cpu_percent,
        },
        "" if vad != "off" else "bounded: max <= 500 ms" if bad else f"p95 <= {TARGET_MS:g} ms",
        None if vad != "off" else largest <= 500 if bad else p95 <= TARGET_MS,
    )


def _talk(packages: Path, vad: str, metrics: Metrics, broker: int | None, udp: int) -> tuple[list[float], float]:
    """Speak for SECONDS; the added ms of each frame heard, and CPU in percent of one core."""
    problems, microphone = Problems(), AudioRing()
    encoder, decoder = (
        kind(load_package(packages / f"mimi-{name}"), 8, "int8", ["cpu"])
        for kind, name in ((MimiEncoder, "encoder"), (MimiDecoder, "decoder"))
    )
    down = _Recorded(
        decoder,
        AudioRing(),
        Timeline(),
        metrics,
        problems,
        most_wait_ms=240,
        ahead_s=2.0,
        realtime_priority=_PRIORITY,
    )
    link = _link(broker, udp, down.receive, metrics, problems)
    up = Uplink(
        microphone,
        encoder,
        link.send,
        metrics,
        problems,
        gate=SpeechGate(open_detector(vad), level_dbfs=-55, hang_over_ms=480),  # type: ignore[arg-type]
        echo_canceller=NoCancellation(),
        realtime_priority=_PRIORITY,
    )
    for stage in (down, link, up):
        stage.start()
    time.sleep(1.0)
    voice = _voice()
    began_ns, cpu_s = now_ns(), time.process_time()
    _speak(microphone, voice, began_ns)
    cpu_percent = 100 * (time.process_time() - cpu_s) / SECONDS
    time.sleep(0.3)
    for stage in (up, link, down):
        stage.stop()
    captured_ns = {number: began_ns + number * FRAME_NS for number in down.dues}
    return [(due_ns - captured_ns[number]) / NS_PER_MS for number, due_ns in down.dues.items()], cpu_percent


def _voice() -> Sound:
    """The bundled speech over and over, 48 kHz."""
    sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
    return np.tile(soxr.resample(sound, rate_hz, RATE_HZ), 4).astype(np.float32)


def _speak(microphone: AudioRing, voice: Sound, began_ns: int) -> None:
    """``voice``, block by block, each when its last sample is heard."""

    def play() -> None:
        go_realtime(_PRIORITY + 1)
        for number in range(int(SECONDS * 100)):
            sleep_until(began_ns + (number + 1) * 10 * NS_PER_MS)
            microphone.write(voice[number * _BLOCK : (number + 1) * _BLOCK])

    thread = threading.Thread(target=play)
    thread.start()
    thread.join()


class _MqttLink:
    """The daemon's own connection, without the daemon."""

    name = "mqtt"

    def __init__(self, port: int, take: Callable[[bytes], None], metrics: Metrics, problems: Problems) -> None:
        from tests.control.fakes import make_desk  # noqa: PLC0415
        from visaged.control.mqtt.link import MqttLink  # noqa: PLC0415
        from visaged.control.mqtt.link_sources import LinkSources  # noqa: PLC0415
        from visaged.control.protocol.health_model import Health  # noqa: PLC0415

        def health() -> Health:
            return Health.model_validate(
                {"state": "online", "time": "2026-01-01T00:00:00Z", "uptime_s": 1.0, "version": "0"}
            )

        sources = LinkSources(state=lambda: "online", health=health, discovery=lambda topics: b"{}")
        self._link = MqttLink(
            MqttSettings(enabled=True, host="127.0.0.1", port=port),
            device_id="bench",
            groups=[],
            dispatcher=make_desk("bench").dispatcher,
            sources=sources,
            metrics=metrics,
            problems=problems,
            realtime_priority=_PRIORITY,
        )
        self._link.take_codec(take)
        self.send, self.start, self.stop = self._link.send_codec, self._link.start, self._link.stop


def _link(broker: int | None, udp: int, take: Callable[[bytes], None], metrics: Metrics, problems: Problems) -> Link:
    if broker is not None:
        return _MqttLink(broker, take, metrics, problems)
    return UdpLink("127.0.0.1", udp, take, metrics, problems)


@contextmanager
def _broker(folder: Path, wanted: bool) -> Iterator[int | None]:
    if not wanted:
        yield None
        return
    broker = Broker(folder)
    broker.start()
    try:
        yield broker.port
    finally:
        broker.stop()


def _virtual(what: str, impairment: Impairment, pace: float = 1.0) -> Row:
    """Five minutes of speech in spurts of up to 10 s, in virtual time."""
    sound, _ = soundfile.read(samples.speech_path(), dtype="float32")
    encoder, codes = ToneEncoder(), np.zeros((len(sound) // FRAME, 8), np.uint16)
    for pcm, row in zip(sound[: len(codes) * FRAME].reshape(-1, FRAME), codes, strict=True):
        encoder.step(pcm, 0, row)
    spurt = codes[:120]
    sent = [
        message
        for number in range(30)
        for message in speech(spurt, round(number * 10 * NS_PER_S * pace), sequence=number * 125, pace=pace)
    ]
    talk = listen(sent, ToneDecoder(), impairment)
    p50, p95, largest = np.percentile(talk.delays_ms, (50, 95, 100)).tolist()
    clicks = len(find_clicks(talk.pcm))
    counts = {name: talk.count(name) for name in ("heard", "lost", "late", "concealed", "duplicates", "reordered")}
    return Row(
        what,
        {"buffered p50 ms": p50, "buffered p95 ms": p95, "buffered max ms": largest, **counts, "clicks": clicks},
        "no click, max <= 240 ms",
        clicks == 0 and largest <= 240,
    )
