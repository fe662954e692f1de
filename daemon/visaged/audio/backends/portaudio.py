"""Capture through PortAudio (sounddevice), by its blocking interface."""

from __future__ import annotations

import time
from typing import Any, Final

from visaged.audio import portaudio_library as library
from visaged.audio.errors import DeviceLost
from visaged.audio.pcm import PcmDecoder
from visaged.audio.source import Block, SourceFormat
from visaged.audio.stamp import stamped
from visaged.clock import NS_PER_S, now_ns

# As for ALSA: one that delivers nothing for this long will not come back by itself.
_WEDGED_NS: Final = 2 * NS_PER_S
# Sound servers hand on what they have in lumps of up to 0.1 s or so; that is no stall.
_STALLED_NS: Final = NS_PER_S // 4
_LONGEST_WAIT_S: Final = 0.1
_SHORTEST_WAIT_S: Final = 0.0005


class PortAudioSource:
    """One PortAudio input (``python3 -m sounddevice`` lists names)."""

    def __init__(self, device: str, rate_hz: int, block_ms: int, channels: int = 1) -> None:
        """``channels``: how many are wanted; the device may have fewer."""
        self.name = f"portaudio:{device}"
        self.xruns = 0
        self.notices: list[str] = []
        self.fault = self.channels = None
        self._device = device
        self._rate_hz = rate_hz
        self._block_ms = block_ms
        self._channels = channels
        self._stream: Any = None

    def open(self) -> SourceFormat:
        """Take the device. Raises DeviceMissing (also when PortAudio is not installed), DeviceBusy, DeviceUnusable."""
        block_frames = self._rate_hz * self._block_ms // 1000
        stream, name = library.open_stream("input", self._device, self._rate_hz, block_frames, self._channels)
        self._stream = stream
        self.name = f"portaudio:{name}"
        self._rate_hz_real: int = round(stream.samplerate)
        self._block_frames = self._rate_hz_real * self._block_ms // 1000
        self._decoder = PcmDecoder("FLOAT_LE", stream.channels, self._block_frames)
        self._heard_ns = now_ns()
        self._end_ns: int | None = None
        description = f"{self.name}, {self._rate_hz_real} Hz, {stream.channels} ch, float32"
        return SourceFormat(self._rate_hz_real, stream.channels, self._block_frames, description)

    def read(self) -> Block | None:
        """The next block. PortAudio cannot be waited for with a limit, so this sleeps while samples are missing."""
        portaudio_error = library.load().PortAudioError
        library.check_others()
        try:
            waiting, time_ns = stamped(lambda: self._stream.read_available)
            if self._has_stalled(waiting, time_ns):
                self.xruns += 1
                self._end_ns = None
                self._stream.abort()
                self._stream.start()
                return None
            if waiting < self._block_frames:
                if time_ns - self._heard_ns > _WEDGED_NS:
                    raise self._lost(f"no sound for {_WEDGED_NS // NS_PER_S} s")
                missing_s = (self._block_frames - waiting) / self._rate_hz_real
                time.sleep(min(max(missing_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))
                return None
            data, overflowed = self._stream.read(self._block_frames)
        except portaudio_error as error:
            if library.error_code(error) == library.INPUT_OVERFLOWED:
                self.xruns += 1
                return None
            raise self._lost(str(error)) from None
        if overflowed:
            self.xruns += 1
        self._heard_ns = time_ns
        self._end_ns = time_ns - max(waiting - self._block_frames, 0) * NS_PER_S // self._rate_hz_real
        return Block(self._decoder.decode(memoryview(data)), self._end_ns)

    def close(self) -> None:
        """Release the device."""
        if self._stream is not None:
            library.close_stream(self._stream)
            self._stream = None

    def _has_stalled(self, waiting: int, time_ns: int) -> bool:
        """Whether what waits does not reach back to the last block: then there was an overrun.

        Behind ALSA's converting plug-in PortAudio does not notice one: the stream stands still, full of old sound,
        until it is started again.
        """
        if self._end_ns is None:
            return False
        waits_from_ns = time_ns - waiting * NS_PER_S // self._rate_hz_real
        return waits_from_ns - self._end_ns > _STALLED_NS

    def _lost(self, why: str) -> DeviceLost:
        return DeviceLost(
            f"sound device '{self._device}' is gone: {why}", "Plug it in again; it is taken back by itself."
        )
