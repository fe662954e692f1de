"""ALSA capture through pyalsaaudio: non-blocking with poll, so that a pulled or wedged device is noticed."""

from __future__ import annotations

import ctypes
import errno
import os
import select
from functools import cache
from typing import Any, Final

import alsaaudio

from visaged.audio.errors import AudioError, DeviceBusy, DeviceLost, DeviceMissing, DeviceUnusable
from visaged.audio.pcm import SAMPLE_BYTES, PcmDecoder
from visaged.audio.source import Block, SourceFormat
from visaged.audio.stamp import stamped
from visaged.clock import NS_PER_S, now_ns
from visaged.config.sound import MAX_CHANNELS

# What the kernel can hold while the process is not scheduled: 16 blocks of 10 ms ride out any ordinary stall.
_PERIODS: Final = 16
_POLL_MS: Final = 100
# A USB or Bluetooth microphone may take this long to start; one that is silent for longer will not come back by itself.
_WEDGED_NS: Final = 2 * NS_PER_S
# By device and direction, asked once: what getformats() gives is never freed by pyalsaaudio 0.11, 2 kB a time, and a
# cable with a loose contact opens its device often.
_best_formats: dict[tuple[str, int], int] = {}


class AlsaSource:
    """One ALSA capture device (``arecord -L`` lists names)."""

    def __init__(self, device: str, rate_hz: int, block_ms: int, channels: int = 1) -> None:
        """``channels``: how many are wanted; the device may have more, or fewer."""
        self.name = f"alsa:{device}"
        self.xruns = 0
        self.notices: list[str] = []
        self.fault = self.channels = None
        self._device = device
        self._rate_hz = rate_hz
        self._block_ms = block_ms
        self._channels = channels
        self._pcm: Any = None

    def open(self) -> SourceFormat:
        """Take the device in the best format it has. Raises DeviceMissing, DeviceBusy, DeviceUnusable."""
        pcm = open_pcm(
            self._device, alsaaudio.PCM_CAPTURE, self._rate_hz, self._block_ms, _PERIODS, channels=self._channels
        )
        info = pcm.info()
        self._rate_hz_real: int = info["rate"]
        self._period: int = info["period_size"]
        self._decoder = PcmDecoder(info["format_name"], info["channels"], self._period)
        self._pcm = pcm
        self._poll = select.poll()
        for descriptor, events in pcm.polldescriptors():
            self._poll.register(descriptor, events)
        self._start()
        self._heard_ns = now_ns()
        description = f"{self.name}, {info['rate']} Hz, {info['channels']} ch, {info['format_name']}"
        return SourceFormat(info["rate"], info["channels"], self._period, description)

    def read(self) -> Block | None:
        """The next period, stamped with the time its last sample was in the air: what still waits came after it."""
        try:
            waiting, time_ns = stamped(self._pcm.avail)
            if waiting < 0 and waiting != -errno.EPIPE:
                raise lost(self._device, os.strerror(-waiting))
            if 0 <= waiting < self._period:
                woken = self._poll.poll(_POLL_MS)
                if woken:
                    self._pcm.polldescriptors_revents(woken)
                waiting, time_ns = stamped(self._pcm.avail)
            if 0 <= waiting < self._period:
                if now_ns() - self._heard_ns > _WEDGED_NS:
                    raise lost(self._device, f"no sound for {_WEDGED_NS // NS_PER_S} s")
                return None
            count, data = self._pcm.read()
        except alsaaudio.ALSAAudioError as error:
            raise lost(self._device, str(error)) from None
        if count == -errno.EPIPE:
            self.xruns += 1
            self._start()
            return None
        if count <= 0:
            return None
        self._heard_ns = time_ns
        return Block(self._decoder.decode(data), time_ns - max(waiting - count, 0) * NS_PER_S // self._rate_hz_real)

    def close(self) -> None:
        """Release the device."""
        if self._pcm is not None:
            self._pcm.close()
            self._pcm = None

    def _start(self) -> None:
        """A capture stream starts running at its first read, which finds nothing."""
        try:
            self._pcm.read()
        except alsaaudio.ALSAAudioError as error:
            raise lost(self._device, str(error)) from None


def open_pcm(device: str, direction: int, rate_hz: int, block_ms: int, periods: int, *, channels: int = 1) -> Any:
    """A non-blocking PCM in the best sample format, with ``channels``, or else the count that the device has.

    Raises DeviceMissing, DeviceBusy, DeviceUnusable.
    """
    _be_quiet()
    try:
        # A card that has no such count of channels takes its smallest, so too with rate and periods.
        wanted = {"rate": rate_hz, "channels": channels, "periodsize": rate_hz * block_ms // 1000, "periods": periods}
        known = _best_formats.get((device, direction))
        if known is not None:
            wanted["format"] = known
        pcm = alsaaudio.PCM(type=direction, mode=alsaaudio.PCM_NONBLOCK, device=device, **wanted)
        if known is None or pcm.info()["format"] != known:
            # Not known yet, or another card has taken the name.
            wanted["format"] = best = _best_format(device, pcm)
            if pcm.info()["format"] != best:
                del pcm  # which closes it: a device opens only once
                pcm = alsaaudio.PCM(type=direction, mode=alsaaudio.PCM_NONBLOCK, device=device, **wanted)
            _best_formats[(device, direction)] = best
        if pcm.info()["channels"] < channels:
            # It was refused and its smallest count taken; the largest is nearer to what is wanted.
            offered = _channel_counts(pcm)
            del pcm
            wanted["channels"] = max((count for count in offered if count <= MAX_CHANNELS), default=1)
            pcm = alsaaudio.PCM(type=direction, mode=alsaaudio.PCM_NONBLOCK, device=device, **wanted)
    except alsaaudio.ALSAAudioError as error:
        raise _refused(device, direction, str(error)) from None
    opened = pcm.info()["channels"]
    if opened > MAX_CHANNELS:
        raise DeviceUnusable(
            f"sound device '{device}' has {opened} channels, at most {MAX_CHANNELS} work",
            f"Use its converting name: plughw:… or default instead of '{device}'.",
        )
    return pcm


def _channel_counts(pcm: Any) -> tuple[int, ...]:
    """All that it can be opened with; pyalsaaudio gives a number alone where there is one."""
    counts = pcm.getchannels()
    return (counts,) if isinstance(counts, int) else tuple(counts)


def _best_format(device: str, pcm: Any) -> int:
    """libasound's number of the best sample format that ``pcm`` has. Raises DeviceUnusable."""
    formats: dict[str, int] = pcm.getformats()
    for name in SAMPLE_BYTES:
        if name in formats:
            return formats[name]
    raise DeviceUnusable(
        f"sound device '{device}' has none of the sample formats {', '.join(SAMPLE_BYTES)}",
        f"Use its converting name: plughw:… or default instead of '{device}'.",
    )


def lost(device: str, why: str) -> DeviceLost:
    """The error for a device that was open."""
    return DeviceLost(f"sound device '{device}' is gone: {why}", "Plug it in again; it is taken back by itself.")


def _refused(device: str, direction: int, text: str) -> AudioError:
    """What the text of libasound's refusal means (pyalsaaudio keeps no error number)."""
    lister = "arecord -L" if direction == alsaaudio.PCM_CAPTURE else "aplay -L"
    if any(os.strerror(number) in text for number in (errno.ENOENT, errno.ENODEV, errno.ENXIO)):
        return DeviceMissing(
            f"there is no sound device '{device}'", f"Plug it in, or set the device to a name that '{lister}' lists."
        )
    if any(os.strerror(number) in text for number in (errno.EBUSY, errno.EAGAIN)):
        return DeviceBusy(
            f"sound device '{device}' is in use by another program",
            "Stop that program ('fuser -v /dev/snd/*' names it), or use a shared device such as 'default'.",
        )
    if any(os.strerror(number) in text for number in (errno.EACCES, errno.EPERM)):
        return DeviceUnusable(f"no permission to use sound device '{device}'", "Add the user to the group 'audio'.")
    return DeviceUnusable(
        f"sound device '{device}' cannot be opened: {text}", f"Try another name that '{lister}' lists, or plughw:…."
    )


@cache
def _be_quiet() -> None:
    """Stop libasound from writing to stderr: at a missing device it prints ten lines at every retry.

    Its error handler is set to a libc function without side effects, which ignores the arguments. A Python callback
    would need memory that is both writable and executable, which the systemd unit forbids.
    """
    library = ctypes.CDLL("libasound.so.2")
    library.snd_lib_error_set_handler(ctypes.cast(ctypes.CDLL(None).getppid, ctypes.c_void_p))
