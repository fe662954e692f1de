"""espeak-ng as a source: its library speaks into memory and reports every phoneme with the sample it starts at."""

from __future__ import annotations

import ctypes
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.phones import SILENCE, Phone, from_ipa, merge
from models.lipsync.utterance import Utterance, resampled

# speak_lib.h: AUDIO_OUTPUT_SYNCHRONOUS, espeakINITIALIZE_PHONEME_EVENTS | _PHONEME_IPA, espeakCHARS_UTF8, event types.
_SYNCHRONOUS: Final = 2
_PHONEME_EVENTS_IPA: Final = 0x0001 | 0x0002
_UTF8: Final = 1
_EVENT_END: Final = 0
_EVENT_PHONEME: Final = 7
_RATE_PARAMETER: Final = 1
_PITCH_PARAMETER: Final = 3

_VOICELESS_STOPS: Final = frozenset(["P", "T", "K", "CH", "TS", "Q"])
# A voiceless stop is reported at its release; its closure is the digital near-silence before, at most this long.
_LONGEST_CLOSURE_S: Final = 0.12
_CLOSURE_PEAK: Final = 0.012


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("string", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The library, started once per process (it is not re-entrant)."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate_hz: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS_IPA)
        if self.rate_hz <= 0:
            raise RuntimeError("espeak-ng did not start: install the package espeak-ng-data")
        self._sound: list[NDArray[np.int16]] = []
        self._events: list[tuple[int, str]] = []
        self._callback = _Callback(self._hear)
        self._library.espeak_SetSynthCallback(self._callback)

    def _hear(self, sound: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if sound and count > 0:
            self._sound.append(np.ctypeslib.as_array(sound, shape=(count,)).astype(np.int16, copy=True))
        index = 0
        while events[index].type != _EVENT_END:
            if events[index].type == _EVENT_PHONEME:
                self._events.append((events[index].sample, events[index].string.decode("utf-8", "ignore")))
            index += 1
        return 0

    def speak(self, voice: str, pitch: int, speed: int, text: str, name: str) -> Utterance:
        """``text`` in ``voice`` (as ``espeak-ng -v``). Raises ValueError for a voice that is not installed."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice '{voice}'")
        self._library.espeak_SetParameter(_RATE_PARAMETER, speed, 0)
        self._library.espeak_SetParameter(_PITCH_PARAMETER, pitch, 0)
        self._sound.clear()
        self._events.clear()
        said = text.encode("utf-8")
        self._library.espeak_Synth(said, len(said) + 1, 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        sound = np.concatenate(self._sound).astype(np.float32) / 32768.0 if self._sound else np.zeros(0, np.float32)
        return Utterance(name, text, resampled(sound, self.rate_hz), self._phones(sound))

    def _phones(self, sound: NDArray[np.float32]) -> list[Phone]:
        starts: list[tuple[float, str]] = [(0.0, SILENCE)]
        for (sample, mnemonic), following in zip(self._events, [*self._events[1:], (len(sound), "")], strict=True):
            symbols = from_ipa(mnemonic) or ((SILENCE,) if mnemonic in ("", "_", "_:") else ())
            first = (
                _closure_start(sound, sample, self.rate_hz) if symbols and symbols[0] in _VOICELESS_STOPS else sample
            )
            step = (following[0] - sample) / max(len(symbols), 1)
            starts += [((first if i == 0 else sample + i * step) / self.rate_hz, s) for i, s in enumerate(symbols)]
        ends = [start for start, _ in starts[1:]] + [len(sound) / self.rate_hz]
        return merge([Phone(symbol, start, end) for (start, symbol), end in zip(starts, ends, strict=True)])


def _closure_start(sound: NDArray[np.float32], release: int, rate_hz: int) -> int:
    """First sample of the near-silence that ends at ``release``; at least 30 ms, so that a closure can be seen."""
    earliest = max(0, release - int(_LONGEST_CLOSURE_S * rate_hz))
    loud = np.flatnonzero(np.abs(sound[earliest:release]) > _CLOSURE_PEAK)
    start = earliest + (int(loud[-1]) + 1 if len(loud) else 0)
    return max(0, min(start, release - int(0.03 * rate_hz)))
