"""The uplink: cleans, frames, encodes and sends what the microphone hears, on its own thread ("codec-up").

Speech goes in spurts: each begins with a fresh encoder and the two frames before the detector noticed, so that no
first consonant is lost; when it is over, silence is told, and once a second again, so that the other side knows that
this one lives. Where silence is to be sent as well, every frame is, with a flag that says what it is.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from visaged.audio.ring import AudioRing, Sound
from visaged.audio.ring_reader import WAIT_S, RingReader
from visaged.clock import RATE_HZ, now_ns
from visaged.codec.down.upsample import HOUSE_FRAME
from visaged.codec.frame_codec import CODEC_RATE_HZ, FRAME, FrameEncoder
from visaged.codec.frames import SEQUENCES, CodecMessage, encode
from visaged.codec.up.echo_canceller import BLOCK, BLOCK_MS, EchoCanceller
from visaged.codec.up.speech_gate import VAD_RATE_HZ, SpeechGate
from visaged.decimate import Decimator
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime
from visaged.stage_thread import StageThread

# The detector needs up to 96 ms, and a soft first consonant comes before what it notices.
_BEFORE: Final = 2
# A message may be lost: the end of speech is told in three frames.
_END_TOLD: Final = 3
# Once a second (12 frames) while nobody speaks.
_ALIVE_EVERY: Final = 12
_STOP_S: Final = 2.0

PROBLEM: Final = "codec_encoder"


class Uplink:
    """One guest's voice, up the link."""

    def __init__(
        self,
        ring: AudioRing,
        encoder: FrameEncoder[Any],
        send: Callable[[bytes], bool],
        metrics: Metrics,
        problems: Problems,
        *,
        gate: SpeechGate,
        echo_canceller: EchoCanceller,
        send_silence: bool = False,
        realtime_priority: int = 0,
        played: Callable[[int, Sound], None] = lambda index, out: out.fill(0),
        on_speech: Callable[[bool], None] = lambda speaking: None,
        on_heard: Callable[[bool, float], None] = lambda speaking, duration_ms: None,
    ) -> None:
        """``send(message)``: False when it could not be sent. ``played(index, out)``: write what left the speaker while
        the samples from ``index`` on were heard. ``on_speech(speaking)``: the guest's speech begins or is over;
        ``on_heard(speaking, duration_ms)``: after every 10 ms. All on this thread; they must not raise.
        """
        self.cut = False
        """Told to the other side: its voice is no longer played here."""
        self.alive_ns = 0
        """CLOCK_MONOTONIC of the thread's last sign of life: at most 0.1 s and a step old. 0: not started."""
        self.stream_id = secrets.randbits(32)
        self.sequence = 0
        """Of the frame that is being heard."""
        self._ring = ring
        self._encoder = encoder
        self._gate = gate
        self._cleaner = echo_canceller
        self._send = send
        self._problems = problems
        self._send_silence = send_silence
        self._priority = realtime_priority
        self._played_at = played
        self._on_speech = on_speech
        self._on_heard = on_heard
        self._codec_rate = Decimator(CODEC_RATE_HZ, BLOCK)
        self._vad_rate = Decimator(VAD_RATE_HZ, BLOCK)
        self._heard, self._played = np.zeros((2, BLOCK), np.float32)
        self._for_vad = np.zeros(self._vad_rate.hop, np.float32)
        self._frames = np.zeros((_BEFORE + 1, FRAME), np.float32)  # newest last
        self._codes = np.zeros((_BEFORE + 1, encoder.codebooks), np.uint16)
        # Once for nothing: a first step takes several times as long as any other. A fresh state is made ahead, too.
        encoder.step(self._frames[0], encoder.initial_state(), self._codes[0])
        self._fresh: Any = encoder.initial_state()
        self._state: Any = None
        self._thread = StageThread("codec-up", problems, "the encoder does not return from a step", _STOP_S)
        self._encode_time = metrics.histogram("codec.encode")
        self._sent = metrics.counter("codec.sent")
        self._unsent = metrics.counter("codec.unsent")
        self._skipped = metrics.counter("codec.skipped")
        self._restart()

    @property
    def speaking(self) -> bool:
        """Whether the guest speaks."""
        return self._gate.speaking

    def start(self) -> None:
        """Start the thread with a stream of its own; nothing happens when it runs."""
        if not self._thread.alive:
            self._thread.start(self._run, self._ring.end)

    def stop(self) -> None:
        """Tell silence and end the thread."""
        self._thread.stop()
        self._problems.clear(PROBLEM)

    def _run(self, stopping: threading.Event, origin: int) -> None:
        go_realtime(self._priority)
        self.stream_id, spoke, waited_s = secrets.randbits(32), False, 0.0
        reader = RingReader(self._ring, origin, lambda position: self._skip(origin, position))
        self._restart()
        while not stopping.is_set():
            self.alive_ns = now_ns()
            if not reader.read(self._heard):
                waited_s += WAIT_S
                if waited_s >= _ALIVE_EVERY * HOUSE_FRAME / RATE_HZ:
                    # No sound comes: the microphone is gone, but not we.
                    waited_s = 0.0
                    self._tell_silence()
                continue
            waited_s = 0.0
            self._played_at(reader.position - BLOCK, self._played)
            self._hear(reader.position - origin)
            if self._gate.speaking != spoke:
                spoke = self._gate.speaking
                self._on_speech(spoke)
            self._on_heard(spoke, BLOCK_MS)
        if self._thread.run is not stopping:
            return  # Another run has the stream.
        if self._spurt:
            self._tell_silence()
        if spoke:
            self._on_speech(False)

    def _restart(self) -> None:
        self._codec_past = self._codec_rate.initial_state()
        self._vad_past = self._vad_rate.initial_state()
        self._frames[:] = 0
        self._spurt = False
        self._unsent_frames = 0  # complete frames in _frames that may still be sent
        self._quiet_frames = 0
        self._gate.forget()

    def _skip(self, origin: int, position: int) -> int:
        """Go on in the present, at the beginning of a frame: the sequence goes on following time."""
        self._skipped.add()
        if self._spurt:
            self._tell_silence()
        self._restart()
        now = self._ring.end
        return max(now - (now - origin) % HOUSE_FRAME, position)

    def _hear(self, heard: int) -> None:
        """``_heard`` ends ``heard`` samples after the stream's origin."""
        self._cleaner.clean(self._heard, self._played)
        self._vad_rate.step(self._heard, self._vad_past, self._for_vad)
        self._gate.hear(self._for_vad)
        end = (heard - 1) % HOUSE_FRAME + 1
        piece = self._frames[-1, (end - BLOCK) // 2 : end // 2]
        self._codec_rate.step(self._heard, self._codec_past, piece)
        if end == HOUSE_FRAME:
            self._finish_frame(heard // HOUSE_FRAME - 1)
            self._frames[:-1] = self._frames[1:]
            self.sequence = heard // HOUSE_FRAME % SEQUENCES

    def _finish_frame(self, number: int) -> None:
        """Frame ``number`` of the stream is complete, in ``_frames[-1]``."""
        speaking = self._gate.speaking
        if not speaking and not self._send_silence:
            if self._fresh is None:
                self._fresh = self._encoder.initial_state()
            if self._spurt:
                self._spurt, self._unsent_frames, self._quiet_frames = False, 0, 0
            self._unsent_frames = min(self._unsent_frames + 1, _BEFORE)
            if self._quiet_frames < _END_TOLD or self._quiet_frames % _ALIVE_EVERY == 0:
                self._tell_silence(number)
            self._quiet_frames += 1
            return
        begins = not self._spurt
        count = 1 + (self._unsent_frames if begins else 0)
        run, began_ns = self._thread.run, now_ns()
        try:
            state = self._state
            if begins:
                state = self._encoder.initial_state() if self._fresh is None else self._fresh
                self._fresh = None
            for pcm, codes in zip(self._frames[-count:], self._codes, strict=False):
                state = self._encoder.step(pcm, state, codes)
        # Encoders run models that others made, through libraries that raise what they like: the box must live on.
        except Exception as error:  # noqa: BLE001
            self._spurt, self._unsent_frames = False, 0
            remedy = "The guest is not heard meanwhile; verify the model package: visaged models verify FOLDER"
            self._problems.open(PROBLEM, f"the encoder failed: {error or type(error).__name__}", remedy)
            return
        if run is not self._thread.run:
            return  # It hung, and another run has begun: this frame is of the past.
        self._state = state
        self._problems.clear(PROBLEM)
        self._encode_time.record_ns((now_ns() - began_ns) / count)
        self._spurt = True
        first = (number - count + 1) % SEQUENCES
        self._put(CodecMessage(self.stream_id, first, self._codes[:count], speaking, begins, self.cut))

    def _tell_silence(self, number: int | None = None) -> None:
        """Silence from frame ``number`` on (None: from the one that is being heard)."""
        sequence = self.sequence if number is None else number % SEQUENCES
        self._put(CodecMessage(self.stream_id, sequence, self._codes[:0], speech=False, cut=self.cut))

    def _put(self, message: CodecMessage) -> None:
        if self._send(encode(message)):
            self._sent.add(len(message.codes))
        else:
            self._unsent.add(len(message.codes))
