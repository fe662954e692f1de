"""Playback through PortAudio (sounddevice), by its blocking interface."""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np

from visaged.audio import portaudio_library as library
from visaged.audio.errors import DeviceLost
from visaged.audio.pcm import encode
from visaged.audio.ring import Sound
from visaged.audio.sink import Queued, SinkFormat
from visaged.audio.stamp import stamped
from visaged.clock import NS_PER_S, RATE_HZ, now_ns

_BLOCK_FRAMES: Final = RATE_HZ // 100
_LONGEST_WAIT_S: Final = 0.1
_SHORTEST_WAIT_S: Final = 0.0005
_WEDGED_NS: Final = 2 * NS_PER_S


class PortAudioSink:
    """One PortAudio output (``python3 -m sounddevice`` lists names)."""

    def __init__(self, device: str) -> None:
        self.name = f"portaudio:{device}"
        self.underruns = 0
        self._device = device
        self._stream: Any = None

    def open(self) -> SinkFormat:
        """Take the device. Raises DeviceMissing (also when PortAudio is not installed), DeviceBusy, DeviceUnusable."""
        stream, name = library.open_stream("output", self._device, RATE_HZ, _BLOCK_FRAMES)
        self._stream = stream
        self.name = f"portaudio:{name}"
        self._rate_hz = round(stream.samplerate)
        # Nothing is written yet, so this is all the room there is.
        try:
            self._buffer: int = stream.write_available
        except library.load().PortAudioError as error:
            raise self._lost(str(error)) from None
        self._room_ns = now_ns()
        description = f"{self.name}, {self._rate_hz} Hz, {stream.channels} ch, float32"
        return SinkFormat(self._rate_hz, _BLOCK_FRAMES, description)

    def wait(self) -> Queued | None:
        """What sounds before the next block, None when there is no room for it yet."""
        library.check_others()
        try:
            room, time_ns = stamped(lambda: self._stream.write_available)
        except library.load().PortAudioError as error:
            raise self._lost(str(error)) from None
        if room < _BLOCK_FRAMES:
            missing_s = (_BLOCK_FRAMES - room) / self._rate_hz
            time.sleep(min(max(missing_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))
            if now_ns() - self._room_ns > _WEDGED_NS:
                raise self._lost(f"it has played nothing for {_WEDGED_NS // NS_PER_S} s")
            return None
        self._room_ns = time_ns
        self._buffer = max(self._buffer, room)
        return Queued(self._buffer - room, time_ns)

    def write(self, sound: Sound) -> None:
        """One block."""
        frames = np.repeat(sound[:, None], self._stream.channels, axis=1)
        try:
            if self._stream.write(encode(frames, "FLOAT_LE")):
                self.underruns += 1
        except library.load().PortAudioError as error:
            raise self._lost(str(error)) from None

    def close(self) -> None:
        """Release the device; what is queued is cut off."""
        if self._stream is not None:
            library.close_stream(self._stream)
            self._stream = None

    def _lost(self, why: str) -> DeviceLost:
        return DeviceLost(
            f"sound device '{self._device}' is gone: {why}", "Plug it in again; it is taken back by itself."
        )
