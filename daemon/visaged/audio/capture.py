"""The capture stage: one thread that keeps the ring filled and the timeline true, whatever happens to the device."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import numpy as np

from visaged.audio.channels.choice import used_channels
from visaged.audio.channels.watch import WARNING as CANCEL
from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.convert import MonoConverter
from visaged.audio.device_loop import DeviceLoop, Run
from visaged.audio.errors import AudioError
from visaged.audio.level import LevelMeter
from visaged.audio.ring import AudioRing
from visaged.audio.select import Chosen, open_input
from visaged.audio.source import Block
from visaged.audio.watch.silence import SilenceWatch
from visaged.audio.watch.stand_in import StandIn
from visaged.clock import NOMINAL_NS_PER_SAMPLE, NS_PER_S, RATE_HZ, Timeline
from visaged.config.sound import InputSettings
from visaged.metrics import Metrics
from visaged.problems import Problems

log = logging.getLogger(__name__)

PROBLEM: Final = "audio_input_lost"
STAND_IN_PROBLEM: Final = "audio_input_stand_in"

# Jitter of a block's time stamp; a shorter gap is not one.
_SMALLEST_GAP: Final = RATE_HZ // 1000


class Capture:
    """Owns ``ring`` and ``timeline``; its own thread (``visaged-input``) writes both, any thread may read them."""

    def __init__(
        self,
        settings: InputSettings,
        metrics: Metrics,
        problems: Problems,
        *,
        demo: bool = False,
        realtime_priority: int = 0,
        choose: Callable[..., Chosen] = open_input,
    ) -> None:
        """``demo``: play the bundled speech when there is no microphone. ``choose`` opens the source.

        ``realtime_priority``: SCHED_FIFO priority of the thread, 0 for none.
        """
        self.ring = AudioRing()
        self.timeline = Timeline()
        self.mute = False
        """While set, silence is heard."""
        self.gain_db = settings.gain_db
        """Gain applied to the voice, dB; may be changed at any time."""
        self.last_block_ns = 0
        """CLOCK_MONOTONIC of the last block; 0: none yet."""
        self._settings = settings
        self._problems = problems
        self._demo = demo
        self._choose = choose
        self._loop = DeviceLoop("input", PROBLEM, problems, self._serve, realtime_priority)
        self._stand_in = StandIn(STAND_IN_PROBLEM, "audio.input.device", problems)
        self._silence = SilenceWatch(problems)
        self._said = ""
        self._level = LevelMeter()
        self._watched: Callable[[], ChannelWatch | None] = lambda: None
        self._until_ns: float | None = None
        self._blocks = metrics.counter("audio.blocks")
        self._xruns = metrics.counter("audio.xruns")
        self._bad_samples = metrics.counter("audio.bad_samples")
        self._input = metrics.gauge("audio.input")
        self._resampler_ms = metrics.gauge("audio.resampler_ms")
        metrics.provide("audio.level_dbfs", lambda: round(self._level.level_dbfs, 1))
        metrics.provide("audio.peak_dbfs", lambda: round(self._level.peak_dbfs, 1))
        metrics.provide("audio.clipped", lambda: self._level.clipped)
        metrics.provide("audio.silent_s", lambda: round(self._level.silent_s, 1))
        metrics.provide("audio.drift_ppm", lambda: round(self.timeline.drift_ppm, 1) if self.running else None)

    @property
    def running(self) -> bool:
        """Whether a source is open and has delivered."""
        return self.timeline.running

    @property
    def channel_levels_dbfs(self) -> list[float]:
        """How loud each channel of the input is, of all that it has; empty when nothing is open."""
        watch = self._watched() if self.running else None
        return [] if watch is None else watch.levels_dbfs

    @property
    def alive_ns(self) -> int:
        """CLOCK_MONOTONIC of the thread's last sign of life: at most 0.5 s old while it is well, device or not."""
        return self._loop.alive_ns

    def start(self) -> None:
        """Begin to listen; returns at once. May be called again after ``stop``: the sample index goes on."""
        self._loop.start()

    def stop(self) -> None:
        """End within 0.5 s; a thread that hangs in a driver is left behind and will not touch the ring again."""
        if not self._loop.stop():
            self._fall_silent()

    def reconfigure(self, settings: InputSettings) -> None:
        """Listen to what ``settings`` say from now on; the sample index goes on following time."""
        self.stop()
        self._loop.forget_problem()
        self._stand_in.forget()
        self._silence.forget()
        self._settings = settings
        self.gain_db = settings.gain_db
        self.start()

    def _serve(self, run: Run) -> None:
        chosen = self._open(run)
        said = f"{chosen.format.description} ({chosen.reason})"
        if said != self._said:
            log.info("audio input: %s", said)
            self._said = said
        try:
            self._listen(chosen, run)
        finally:
            chosen.source.close()

    def _open(self, run: Run) -> Chosen:
        """Raises AudioError: there is nothing to listen to, which is then all that is wrong."""
        self._stand_in.choosing()
        try:
            return self._choose(self._settings, demo=self._demo, used=self._stand_in.used)
        except AudioError:
            if not run.stopping.is_set():
                self._silence.forget()
                self._stand_in.over()
            raise

    def _listen(self, chosen: Chosen, run: Run) -> None:
        """Read until told to stop; raises DeviceLost, OpenAnew."""
        source, opened = chosen.source, chosen.format
        used = None if opened.mixed else used_channels(self._settings.channel, opened.channels, f"'{source.name}'")
        converter = MonoConverter(
            opened.rate_hz, opened.channels, opened.block_frames, self.gain_db, live=True, used=used
        )
        self._watched = lambda: source.channels if opened.mixed else converter.channels
        self._resampler_ms.value = round(converter.resampler.latency_ms, 2)
        self._input.value = source.name
        # The first block, like the first after an overrun, does not follow on what the ring ends with.
        follows, xruns = False, source.xruns
        watched = opened.hears_room and not self._settings.may_be_silent
        self._silence.begin(source.name, opened.rate_hz)
        works = cancel_said = False
        try:
            while True:
                block = source.read()
                if run.stopping.is_set():
                    return
                run.is_alive()
                for notice in source.notices:
                    log.warning("%s", notice)
                source.notices.clear()
                if source.xruns > xruns:
                    self._xruns.add(source.xruns - xruns)
                    follows, xruns = False, source.xruns
                if block is not None:
                    if not follows:
                        self._bridge_gap(block, converter)
                        follows = True
                    self._take(block, converter)
                    if converter.channels.cancel and not cancel_said:
                        cancel_said = True
                        log.warning("%s: %s", source.name, CANCEL)
                    heard = not watched or self._silence.hears(block.frames)
                    # A silent device is no substitute for the one that was lost.
                    works = self._judge(source.fault, run, worked=works, hears=heard or not chosen.stands_in)
                    if heard and opened.hears_room:
                        self._stand_in.works(source.name, stands_in=chosen.stands_in)
                    if chosen.stands_in:
                        self._stand_in.look(block.end_ns)
        finally:
            if not run.left_behind:
                self._fall_silent()

    def _judge(self, fault: AudioError | None, run: Run, *, worked: bool, hears: bool) -> bool:
        """Whether the input works; says so when that is new."""
        if fault is not None:
            self._problems.open(PROBLEM, str(fault), fault.remedy)
            return False
        if hears and not worked:
            run.works()
        return worked or hears

    def _bridge_gap(self, block: Block, converter: MonoConverter) -> None:
        """Skip the time that was not heard before ``block``, so that the sample index goes on following time."""
        rate_hz = converter.resampler.rate_hz
        start_ns = block.end_ns - len(block.frames) * NS_PER_S // rate_hz
        until_ns = self.timeline.time_at(self.ring.end) if self.timeline.running else self._until_ns
        if until_ns is not None:
            lost = round((start_ns - until_ns) / NOMINAL_NS_PER_SAMPLE)
            if lost >= _SMALLEST_GAP:
                self.ring.skip(lost)
        # What it still held back was sound from before the gap, and was skipped with it.
        converter.resampler.clear()
        if not self.timeline.running:
            self.timeline.restart(self.ring.end, start_ns)

    def _take(self, block: Block, converter: MonoConverter) -> None:
        """One block into the ring."""
        if converter.gain_db != self.gain_db:
            converter.set_gain(self.gain_db)
        bad = converter.bad_samples
        sound = converter.convert(block.frames)
        if converter.bad_samples > bad:
            if not self._bad_samples.value:
                log.warning("audio input delivers samples that are not numbers; they become silence")
            self._bad_samples.add(converter.bad_samples - bad)
        np.clip(sound, -1.0, 1.0, out=sound)
        if self.mute:
            sound[:] = 0
        self._level.update(sound)
        self.ring.write(sound)
        self.timeline.observe(self.ring.end, block.end_ns - converter.resampler.held_ns)
        self.last_block_ns = block.end_ns
        self._blocks.add()

    def _fall_silent(self) -> None:
        """Nothing is heard any more; remember until when the ring is filled."""
        if self.timeline.running:
            self._until_ns = self.timeline.time_at(self.ring.end)
            self.timeline.stop()
        self._input.value = None
