"""A whole daemon in this process, with a codec of tones, and a peer on the loopback that talks with it."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.codec.fakes import ToneDecoder, ToneEncoder, tone_codes
from tests.patience import wait_until
from visaged.app.daemon import Daemon
from visaged.clock import now_ns
from visaged.codec.down.playout import FRAME_NS
from visaged.codec.frames import CodecMessage, decode, encode
from visaged.config.safe_mode import load_or_safe
from visaged.control.protocol.events import Event
from visaged.curves import INDEX

_JAW = INDEX["JawOpen"]
LOUD = tone_codes(0.25, 0.15)


class Peer:
    """Hears what comes up, and says what it is told to."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port = self._socket.getsockname()[1]
        self.heard: list[CodecMessage] = []
        self._box: Any = None
        self._sequence = 1000
        self._ended, self._hushed = threading.Event(), threading.Event()
        self._speaker: threading.Thread | None = None
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                data, self._box = self._socket.recvfrom(2048)
            except (TimeoutError, ConnectionRefusedError):
                continue
            self.heard.append(decode(data))

    def say(self, frames: int | None = None) -> None:
        """Speak, in real time, from another thread; None: until ``hush``."""
        self._hushed.clear()

        def speak() -> None:
            began_ns = now_ns()
            for number in itertools.count() if frames is None else range(frames):
                if self._hushed.is_set():
                    break
                self._send(CodecMessage(5, self._sequence, LOUD[None, :], True, number == 0))
                self._sequence += 1
                time.sleep(max((began_ns + (number + 1) * FRAME_NS - now_ns()) / 1e9, 0))
            self._send(CodecMessage(5, self._sequence, LOUD[None, :][:0], False))

        self._speaker = threading.Thread(target=speak)
        self._speaker.start()

    def hush(self) -> None:
        """Speak no more."""
        self._hushed.set()
        if self._speaker is not None:
            self._speaker.join()

    def _send(self, message: CodecMessage) -> None:
        # A box that has just stopped answers "refused"; a peer that was closed has nothing to say.
        with contextlib.suppress(OSError):
            self._socket.sendto(encode(message), self._box)

    def close(self) -> None:
        self.hush()
        self._ended.set()
        self._thread.join()
        self._socket.close()


class Kiosk:
    """A daemon whose microphone hears a file, and its events."""

    def __init__(self, folder: Path, peer: Peer, *items: str, path: Path | None = None) -> None:
        sound = folder / "guest.wav"
        if path is None:
            soundfile.write(sound, np.zeros(48_000 * 60, np.float32), 48_000)
        settings = [
            f'audio.input.path="{path or sound}"',
            f'codec.link="udp://127.0.0.1:{peer.port}"',
            'face.solver="energy"',
            "animation.idle=false",
            'codec.vad="level"',
            f'capsules.library="{folder}/library"',
            'livelink.targets=["127.0.0.1:9"]',
            "runtime.realtime_priority=0",
        ]
        self.daemon = Daemon(load_or_safe(None, [*settings, *items]))
        self.daemon.stages.converse.open_models = lambda settings, roots: (ToneEncoder(), ToneDecoder())
        self.events: list[Event] = []
        self.daemon.start()
        self.daemon.control.events.listen(self.events.append)

    def kinds(self) -> list[str]:
        wanted = ("speech_start", "speech_end", "answer_start", "answer_end", "barge_in")
        return [event.event for event in self.events if event.event in wanted]

    def until(self, condition: Callable[[], bool], what: str = "it") -> None:
        def supervised() -> bool:
            self.daemon.supervise()
            return condition()

        wait_until(supervised, lambda: f"{what}: {self.kinds()}", look_s=0.01)

    @property
    def jaw(self) -> float:
        return float(self.daemon.stages.animation.pose[_JAW])

    @property
    def problems(self) -> dict[str, str]:
        return {problem.code: problem.message for problem in self.daemon.stages.problems.current()}
