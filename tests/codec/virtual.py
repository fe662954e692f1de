"""A talk over a bad network in virtual time: sender, network, reception, playout and concealer, without threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visaged.clock import NS_PER_MS
from visaged.codec.down.concealer import Concealer
from visaged.codec.down.playout import FRAME_NS, Playout, PlayoutKind
from visaged.codec.down.reception import Reception
from visaged.codec.down.skew import Skew
from visaged.codec.frame_codec import FRAME, Codes, FrameDecoder
from visaged.codec.frames import CodecMessage, encode
from visaged.codec.peer.impairment import BadNetwork, Impairment
from visaged.metrics import Metrics

LEAD_NS = 25 * NS_PER_MS
STEP_NS = 10 * NS_PER_MS
AHEAD = 25

Sent = tuple[int, bytes]
"""When (ns), and what."""


def speech(
    codes: Iterable[Codes],
    start_ns: int = 0,
    *,
    sequence: int = 0,
    stream_id: int = 7,
    pace: float = 1.0,
    end: bool = True,
) -> Iterator[Sent]:
    """A spurt: one message per frame every 80 ms x ``pace``, then silence is told."""
    number = -1
    for number, frame in enumerate(codes):
        message = CodecMessage(stream_id, (sequence + number) % 2**32, frame[None, :], True, number == 0)
        yield start_ns + round(number * FRAME_NS * pace), encode(message)
    if end:
        last = CodecMessage(stream_id, (sequence + number + 1) % 2**32, np.zeros((0, 8), np.uint16), False)
        yield start_ns + round((number + 1) * FRAME_NS * pace), encode(last)


@dataclass
class Talk:
    """What the listener heard."""

    pcm: NDArray[np.float32]
    """24 kHz; silence between spurts is in it."""
    kinds: list[PlayoutKind]
    delays_ms: list[float]
    """Of each frame heard: from when it was sent to when it is due."""
    metrics: Metrics
    playout: Playout
    skew: Skew
    dues_ns: list[int] = field(default_factory=list)

    def count(self, name: str) -> int:
        return self.metrics.counter(f"codec.{name}").value


def listen(
    sent: Iterable[Sent],
    decoder: FrameDecoder[Any],
    impairment: Impairment | None = None,
    *,
    seed: int = 1,
    most_wait_ms: float = 240,
    after_ms: int = 1000,
    interrupt_ns: int | None = None,
) -> Talk:
    """Hear all of ``sent`` and ``after_ms`` more."""
    network = BadNetwork(impairment or Impairment(), seed)
    queue = sorted(sent, key=lambda item: item[0])
    sent_ns = {number: when for when, number in _numbers(queue)}
    metrics = Metrics()
    reception, skew = Reception(8, metrics), Skew()
    playout = Playout(reception, metrics, lead_ns=LEAD_NS, most_wait_ms=most_wait_ms, most_ahead=AHEAD)
    concealer = Concealer(decoder)
    talk = Talk(np.zeros(0, np.float32), [], [], metrics, playout, skew)
    pieces: list[NDArray[np.float32]] = []
    due_ns = end_ns = queue[-1][0] + after_ms * NS_PER_MS if queue else 0
    due_ns = LEAD_NS
    while due_ns < end_ns:
        taken_ns = due_ns - LEAD_NS
        while queue and queue[0][0] <= taken_ns:
            when, data = queue.pop(0)
            network.send(data, when)
        _deliver(network, reception, skew, taken_ns)
        if interrupt_ns is not None and taken_ns >= interrupt_ns:
            playout.interrupt()
            interrupt_ns = None
        step = playout.next(due_ns)
        talk.kinds.append(step.kind)
        talk.dues_ns.append(due_ns)
        if step.kind is PlayoutKind.QUIET:
            pieces.append(np.zeros(FRAME // 8, np.float32))
            due_ns += STEP_NS
            continue
        pcm = np.zeros(FRAME, np.float32)
        if step.kind is PlayoutKind.FRAME and step.codes is not None:
            count = concealer.say(step.codes, pcm, reset=step.reset, shorter=step.shorter)
            talk.delays_ms.append((due_ns - sent_ns[step.sequence % 2**32]) / NS_PER_MS)
        elif step.kind is PlayoutKind.LOST:
            count = concealer.miss(pcm)
        else:
            count = concealer.end(pcm)
        pieces.append(pcm[:count])
        due_ns += count * FRAME_NS // FRAME + step.slide_ns
    talk.pcm = np.concatenate(pieces)
    return talk


def _deliver(network: BadNetwork, reception: Reception, skew: Skew, until_ns: int) -> None:
    while (arrival_ns := network.next_ns()) is not None and arrival_ns <= until_ns:
        for data in network.arrived(arrival_ns):
            newest = reception.newest
            message = reception.take(data, arrival_ns)
            if message is not None and len(message.codes) and reception.newest != newest:
                skew.hear(reception.newest, arrival_ns)


def _numbers(queue: list[Sent]) -> Iterator[tuple[int, int]]:
    for when, data in queue:
        yield when, int.from_bytes(data[4:8], "big")
