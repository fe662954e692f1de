"""PortAudio, loaded when first needed; its list of devices is read anew when that is needed."""

from __future__ import annotations

import atexit
import re
import threading
from functools import cache
from types import ModuleType
from typing import Any, Final, NamedTuple

from visaged.audio.errors import AudioError, DeviceBusy, DeviceMissing, DeviceUnusable, OpenAnew
from visaged.audio.watch.cards import Cards, cards
from visaged.config.sound import MAX_CHANNELS

# PaErrorCode (portaudio.h).
_DEVICE_UNAVAILABLE: Final = -9985
_INVALID_DEVICE: Final = -9996
INPUT_OVERFLOWED: Final = -9981

# How much the device may hold. In: as much as a stall may last, as what is there is read at once. Out: what waits there
# is delay, so no more than a thread of ordinary priority needs.
_LATENCY_S: Final = {"input": 0.16, "output": 0.04}

# How long to wait for the other stage to let go of its stream; it looks ten times a second.
_LET_GO_S: Final = 0.5
# " (hw:1,0)": which number a card got this time, not which card it is.
_CARD_NUMBER: Final = re.compile(r" \(hw:\d+,\d+\)$")


class OpenStream(NamedTuple):
    """An open, started, blocking stream of float32."""

    stream: Any
    name: str
    """What PortAudio calls the device, without the number of its card: the same when it comes back."""


class _Library:
    """PortAudio is one per process: its device list is read by Pa_Initialize and stays as it was then.

    A device that is plugged in later is seen only after Pa_Terminate, which would end the streams of others. So when
    sound cards came or went they are asked to let go, and open anew.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.streams_open = 0
        self.cards_listed: Cards | None = None
        self.let_go = False


_library = _Library()


@cache
def load() -> ModuleType:
    """The sounddevice module. Raises DeviceMissing when PortAudio is not installed or finds no sound system."""
    try:
        import sounddevice  # noqa: PLC0415  (needs libportaudio2, which a box that uses ALSA need not have)
    except OSError as error:
        raise DeviceMissing(
            f"PortAudio cannot be loaded: {error}", "Install it: apt-get install libportaudio2. Or use backend 'alsa'."
        ) from None
    except Exception as error:  # noqa: BLE001  (its PortAudioError, which is not there when the import fails)
        raise DeviceMissing(f"PortAudio cannot start: {error}", "Plug a sound device in; look at 'aplay -l'.") from None
    # At the end it would close streams that a thread may hang in, which crashes; the kernel closes them anyway.
    atexit.unregister(sounddevice._exit_handler)
    module: ModuleType = sounddevice
    return module


def open_stream(kind: str, device: str, rate_hz: int, block_frames: int, channels: int = 1) -> OpenStream:
    """Open a stream; ``kind`` is 'input' or 'output', ``device`` a name or 'default'. Close it by ``close_stream``.

    ``channels``: how many are wanted; the device may have fewer.

    No callback: it would need memory that is both writable and executable, which the systemd unit forbids.
    Raises DeviceMissing, DeviceBusy, DeviceUnusable.
    """
    sounddevice = load()
    with _library.changed:
        try:
            _read_list(sounddevice)
            info = _find(sounddevice, device, kind)
            stream = _open_best(sounddevice, kind, info, rate_hz=rate_hz, block_frames=block_frames, wanted=channels)
            _start(stream)
        except ValueError as error:
            raise _missing(device, kind, str(error)) from None
        except sounddevice.PortAudioError as error:
            raise _refused(device, kind, error) from None
        _library.streams_open += 1
        return OpenStream(stream, _CARD_NUMBER.sub("", info["name"]))


def close_stream(stream: Any) -> None:
    """Abort and close."""
    with _library.changed:
        _library.streams_open -= 1
        stream.close(ignore_errors=True)
        _library.changed.notify_all()


def check_others() -> None:
    """Raises OpenAnew when another stage needs the device list to be read anew. To be asked ten times a second."""
    if _library.let_go:
        raise OpenAnew("PortAudio reads its devices anew")


def _read_list(sounddevice: ModuleType) -> None:
    """Read the device list anew, if nobody uses it or everybody lets go of it. Holds the condition."""
    now = cards()
    if _library.streams_open and now != _library.cards_listed:
        _library.let_go = True
        _library.changed.wait_for(lambda: not _library.streams_open or not _library.let_go, _LET_GO_S)
        _library.let_go = False
        # Who hangs in a driver is not asked again before something else changes.
        _library.cards_listed = now
    if not _library.streams_open:
        _library.let_go = False
        _library.cards_listed = now
        # After an initialization that failed there is nothing to terminate.
        if sounddevice._initialized:
            sounddevice._terminate()
        sounddevice._initialize()


def _start(stream: Any) -> None:
    """Start ``stream``; one that does not start is closed, so that the device is free. Raises PortAudioError."""
    try:
        stream.start()
    except Exception:
        stream.close(ignore_errors=True)
        raise


def _find(sounddevice: ModuleType, device: str, kind: str) -> dict[str, Any]:
    """The device of that name, whatever number its card has now. Raises ValueError, PortAudioError."""
    if device != "default":
        for info in sounddevice.query_devices():
            if _CARD_NUMBER.sub("", info["name"]) == device and info[f"max_{kind}_channels"] > 0:
                found: dict[str, Any] = info
                return found
    asked: dict[str, Any] = sounddevice.query_devices(None if device == "default" else device, kind)
    return asked


def error_code(error: Exception) -> int:
    """The PaErrorCode of a PortAudioError, 0 when it has none."""
    code = error.args[1] if len(error.args) > 1 else 0
    return code if isinstance(code, int) else 0


def _open_best(
    sounddevice: ModuleType, kind: str, info: dict[str, Any], *, rate_hz: int, block_frames: int, wanted: int
) -> Any:
    """With ``wanted`` channels at the rate asked for; what the device does not have is replaced by what it has."""
    stream_class = sounddevice.RawInputStream if kind == "input" else sounddevice.RawOutputStream
    offered = min(info[f"max_{kind}_channels"], MAX_CHANNELS)
    rates = dict.fromkeys((rate_hz, round(info["default_samplerate"])))
    failure: Exception | None = None
    for rate in rates:
        for channels in dict.fromkeys((min(wanted, offered), 1, min(2, offered), offered)):
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
