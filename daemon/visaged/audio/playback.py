"""The playback stage: voices to the speaker, each sample at the time it is due."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import numpy as np

from visaged.audio.device_loop import DeviceLoop, Run
from visaged.audio.errors import AudioError, DeviceMissing
from visaged.audio.follower import Follower, Voice
from visaged.audio.played import PlayedPositions
from visaged.audio.sink import Sink, SinkFormat
from visaged.audio.sinks.alsa import AlsaSink
from visaged.audio.sinks.portaudio import PortAudioSink
from visaged.audio.watch.stand_in import StandIn
from visaged.clock import NS_PER_MS, RATE_HZ, Timeline
from visaged.config.sound import OutputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems

log = logging.getLogger(__name__)

PROBLEM: Final = "audio_output_lost"
STAND_IN_PROBLEM: Final = "audio_output_stand_in"

Maker = Callable[[str], Sink]

MAKERS: dict[str, Maker] = {"alsa": AlsaSink, "portaudio": PortAudioSink}
"""A new, closed sink of each backend, by device name."""


class Playback:
    """Mixes voices onto one output, on its own thread (``visaged-output``). With backend none it does nothing."""

    def __init__(
        self,
        settings: OutputSettings,
        voices: Sequence[Voice],
        metrics: Metrics,
        problems: Problems,
        *,
        realtime_priority: int = 0,
        makers: dict[str, Maker] = MAKERS,
    ) -> None:
        self.mute = False
        """While set, the speaker is silent."""
        self.played = PlayedPositions()
        """What left the speaker."""
        self._settings = settings
        self._voices = tuple(voices)
        self._makers = makers
        self._loop = DeviceLoop("output", PROBLEM, problems, self._serve, realtime_priority)
        self._stand_in = StandIn(STAND_IN_PROBLEM, "audio.output.device", problems)
        self._output = metrics.gauge("audio.output")
        self._underruns = metrics.counter("audio.underruns")
        self._starved = metrics.counter("audio.output_starved")
        self._queued_ms = metrics.gauge("audio.output_queued_ms")
        self._error_ms = metrics.gauge("audio.output_error_ms")

    @property
    def alive_ns(self) -> int:
        """CLOCK_MONOTONIC of the thread's last sign of life: at most 0.5 s old while it is well. 0: not started."""
        return self._loop.alive_ns

    def start(self) -> None:
        """Begin to play; returns at once."""
        if self._settings.backend != "none":
            self._loop.start()

    def stop(self) -> None:
        """End within 0.5 s."""
        self._loop.stop()
        self._output.value = None

    def reconfigure(self, settings: OutputSettings) -> None:
        """Play on what ``settings`` say from now on; a pause of some 100 ms."""
        self.stop()
        self._loop.forget_problem()
        self._stand_in.forget()
        self._settings = settings
        self.start()

    def _serve(self, run: Run) -> None:
        sink, opened = self._open(run)
        log.info("audio output: %s", opened.description)
        self._output.value = sink.name
        try:
            self._play(sink, opened, run)
        finally:
            sink.close()
            if not run.left_behind:
                self._output.value = None

    def _open(self, run: Run) -> tuple[Sink, SinkFormat]:
        """The speaker that worked before, else what the settings name. Raises AudioError.

        What PortAudio's default means changes when that one is pulled out, so it is asked for by its own name first.
        """
        self._stand_in.choosing()
        backend, _, used = (self._stand_in.used or "").partition(":")
        if backend == self._settings.backend == "portaudio" and used != self._settings.device:
            with suppress(DeviceMissing):
                return self._take(used)
        try:
            return self._take(self._settings.device)
        except AudioError:
            if not run.stopping.is_set():
                self._stand_in.over()
            raise

    def _take(self, device: str) -> tuple[Sink, SinkFormat]:
        sink = self._makers[self._settings.backend](device)
        try:
            return sink, sink.open()
        except AudioError:
            sink.close()
            raise

    def _play(self, sink: Sink, opened: SinkFormat, run: Run) -> None:
        """Write until told to stop; raises DeviceLost, OpenAnew.

        ``heard`` follows the speaker's clock: it maps the count of frames written (as 48 kHz samples) to the time they
        are heard, from how many of them the device says are still queued.
        """
        followers = [Follower(voice, opened.block_frames) for voice in self._voices]
        block, mix = np.zeros((2, opened.block_frames), np.float32)
        to_house = RATE_HZ / opened.rate_hz
        heard = Timeline()
        written = starved = underruns = sounded = 0
        muted = self.mute
        stands_in = self._stand_in.used not in (None, sink.name)
        while not run.stopping.is_set():
            run.is_alive()
            queued = sink.wait()
            if queued is None or run.stopping.is_set():
                continue
            sounding = round((written - queued.frames) * to_house)
            if sink.underruns > underruns:
                self._underruns.add(sink.underruns - underruns)
                underruns = sink.underruns
                heard.stop()
            # While the empty device is being filled nothing moves yet: the speaker's clock begins at the end of that.
            if heard.running and sounding > sounded:
                heard.observe(sounding, queued.time_ns)
            else:
                heard.restart(sounding, queued.time_ns)
            sounded = sounding
            start_ns = heard.time_at(written * to_house)
            end_ns = heard.time_at((written + opened.block_frames) * to_house)
            assert start_ns is not None and end_ns is not None
            mix[:] = 0
            for follower in followers:
                follower.render(block, start_ns, end_ns)
                mix += block
            if self.mute or muted:
                # Over one block, so that it does not click.
                mix *= np.linspace(not muted, not self.mute, len(mix), dtype=np.float32)
                muted = self.mute
            sink.write(mix)
            self.played.write(mix, start_ns, opened.rate_hz)
            written += opened.block_frames
            run.works()
            self._stand_in.works(sink.name, stands_in=stands_in)
            if stands_in:
                self._stand_in.look(queued.time_ns)
            total = sum(follower.starved for follower in followers)
            self._starved.add(total - starved)
            starved = total
            self._queued_ms.value = round(queued.frames * 1000 / opened.rate_hz, 1)
            if followers:
                worst = max((follower.error_samples for follower in followers), key=abs)
                self._error_ms.value = round(worst * 1e9 / RATE_HZ / NS_PER_MS, 3)
