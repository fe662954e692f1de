"""PortAudio, loaded when first needed; its list of devices is read anew when nobody uses it."""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any, Final

from visaged.audio.errors import AudioError, DeviceBusy, DeviceMissing, DeviceUnusable

MAX_CHANNELS: Final = 8

# PaErrorCode (portaudio.h).
_DEVICE_UNAVAILABLE: Final = -9985
_INVALID_DEVICE: Final = -9996
INPUT_OVERFLOWED: Final = -9981

# How much the device may hold. In: as much as a stall may last, as what is there is read at once. Out: what waits there
# is delay, so no more than a thread of ordinary priority needs.
_LATENCY_S: Final = {"input": 0.16, "output": 0.04}

# PortAudio is one per process: its device list is read by Pa_Initialize and stays as it was then, so a device that is
# plugged in later is seen only after Pa_Terminate, which would end the streams of others.
_lock = threading.Lock()
_streams_open = 0


def load() -> ModuleType:
    """The sounddevice module. Raises DeviceMissing when PortAudio is not installed."""
    try:
        import sounddevice  # noqa: PLC0415  (needs libportaudio2, which a box that uses ALSA need not have)
    except OSError as error:
        raise DeviceMissing(
            f"PortAudio cannot be loaded: {error}", "Install it: apt-get install libportaudio2. Or use backend 'alsa'."
        ) from None
    module: ModuleType = sounddevice
    return module


def open_stream(kind: str, device: str, rate_hz: int, block_frames: int) -> Any:
    """An open, started, blocking stream of float32; ``kind`` is 'input' or 'output'. Close it by ``close_stream``.

    No callback: it would need memory that is both writable and executable, which the systemd unit forbids.
    Raises DeviceMissing, DeviceBusy, DeviceUnusable.
    """
    global _streams_open  # noqa: PLW0603
    sounddevice = load()
    with _lock:
        try:
            if not _streams_open:
                sounddevice._terminate()
                sounddevice._initialize()
            info = sounddevice.query_devices(None if device == "default" else device, kind)
            offered = info[f"max_{kind}_channels"]
            if offered < 1:
                raise DeviceBusy(
                    f"sound device '{device}' offers no {kind} channels",
                    "Another program may hold it; stop that program or choose another device.",
                )
            stream = _open_best(sounddevice, kind, info, rate_hz, block_frames)
            stream.start()
        except ValueError as error:
            raise _missing(device, kind, str(error)) from None
        except sounddevice.PortAudioError as error:
            raise _refused(device, kind, error) from None
        _streams_open += 1
        return stream


def close_stream(stream: Any) -> None:
    """Abort and close."""
    global _streams_open  # noqa: PLW0603
    with _lock:
        _streams_open -= 1
        stream.close(ignore_errors=True)


def error_code(error: Exception) -> int:
    """The PaErrorCode of a PortAudioError, 0 when it has none."""
    code = error.args[1] if len(error.args) > 1 else 0
    return code if isinstance(code, int) else 0


def _open_best(sounddevice: ModuleType, kind: str, info: dict[str, Any], rate_hz: int, block_frames: int) -> Any:
    """Mono at the rate asked for; what the device does not have is replaced by what it has."""
    stream_class = sounddevice.RawInputStream if kind == "input" else sounddevice.RawOutputStream
    offered = min(info[f"max_{kind}_channels"], MAX_CHANNELS)
    rates = dict.fromkeys((rate_hz, round(info["default_samplerate"])))
    failure: Exception | None = None
    for rate in rates:
        for channels in dict.fromkeys((1, min(2, offered), offered)):
            try:
                return stream_class(
                    samplerate=rate,
                    blocksize=block_frames,
                    device=info["index"],
                    channels=channels,
                    dtype="float32",
                    latency=_LATENCY_S[kind],
                )
            except sounddevice.PortAudioError as error:
                failure = error
    assert failure is not None
    raise failure


def _missing(device: str, kind: str, text: str) -> DeviceMissing:
    return DeviceMissing(
        f"there is no sound {kind} device '{device}': {text}",
        "Plug it in, or set the device to a name that 'python3 -m sounddevice' lists.",
    )


def _refused(device: str, kind: str, error: Exception) -> AudioError:
    code = error_code(error)
    if code == _INVALID_DEVICE or "querying device" in str(error):
        return _missing(device, kind, str(error))
    if code == _DEVICE_UNAVAILABLE:
        return DeviceBusy(
            f"sound device '{device}' is in use by another program, or gone", "Stop that program, or plug it in again."
        )
    return DeviceUnusable(f"sound device '{device}' cannot be opened: {error}", "Choose another device or backend.")
