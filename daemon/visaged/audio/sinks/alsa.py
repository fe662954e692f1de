"""ALSA playback through pyalsaaudio, non-blocking with poll."""

from __future__ import annotations

import errno
import os
import select
from typing import Any, Final

import alsaaudio
import numpy as np

from visaged.audio.backends.alsa import lost, open_pcm
from visaged.audio.pcm import encode
from visaged.audio.ring import Sound
from visaged.audio.sink import Queued, SinkFormat
from visaged.audio.stamp import stamped
from visaged.clock import NS_PER_S, RATE_HZ, now_ns

_BLOCK_MS: Final = 10
# 40 ms: less than any delay worth setting, and enough for a thread of ordinary priority on a busy box.
_PERIODS: Final = 4
_POLL_MS: Final = 100
_WEDGED_NS: Final = 2 * NS_PER_S


class AlsaSink:
    """One ALSA playback device (``aplay -L`` lists names)."""

    def __init__(self, device: str) -> None:
        self.name = f"alsa:{device}"
        self.underruns = 0
        self._device = device
        self._pcm: Any = None

    def open(self) -> SinkFormat:
        """Take the device. Raises DeviceMissing, DeviceBusy, DeviceUnusable."""
        pcm = open_pcm(self._device, alsaaudio.PCM_PLAYBACK, RATE_HZ, _BLOCK_MS, _PERIODS)
        info = pcm.info()
        self._pcm = pcm
        self._format: str = info["format_name"]
        self._channels: int = info["channels"]
        self._period: int = info["period_size"]
        self._buffer: int = info["buffer_size"]
        self._poll = select.poll()
        for descriptor, events in pcm.polldescriptors():
            self._poll.register(descriptor, events)
        self._room_ns = now_ns()
        description = f"{self.name}, {info['rate']} Hz, {self._channels} ch, {self._format}"
        return SinkFormat(info["rate"], self._period, description)

    def wait(self) -> Queued | None:
        """What sounds before the next block, None when there is no room for it yet."""
        try:
            room, time_ns = stamped(self._pcm.avail)
            if 0 <= room < self._period:
                woken = self._poll.poll(_POLL_MS)
                if woken:
                    self._pcm.polldescriptors_revents(woken)
                room, time_ns = stamped(self._pcm.avail)
            if room == -errno.EPIPE:
                self.underruns += 1
                # Emptied; the next write prepares and starts it.
                self._pcm.drop()
                room = self._buffer
        except alsaaudio.ALSAAudioError as error:
            raise lost(self._device, str(error)) from None
        if room < 0:
            raise lost(self._device, os.strerror(-room))
        if room < self._period:
            if now_ns() - self._room_ns > _WEDGED_NS:
                raise lost(self._device, f"it has played nothing for {_WEDGED_NS // NS_PER_S} s")
            return None
        self._room_ns = time_ns
        return Queued(max(self._buffer - room, 0), time_ns)

    def write(self, sound: Sound) -> None:
        """One period."""
        frames = np.repeat(sound[:, None], self._channels, axis=1)
        try:
            written = self._pcm.write(encode(frames, self._format))
        except alsaaudio.ALSAAudioError as error:
            raise lost(self._device, str(error)) from None
        if written == -errno.EPIPE:
            self.underruns += 1

    def close(self) -> None:
        """Release the device; what is queued is cut off."""
        if self._pcm is not None:
            self._pcm.close()
            self._pcm = None
