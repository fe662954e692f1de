"""Sound in: does the device open, and is there a voice in it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from visaged.audio.errors import AudioError, DeviceBusy
from visaged.audio.select import open_input
from visaged.clock import NS_PER_MS, now_ns
from visaged.config import Settings
from visaged.doctor.finding import Finding, fail, ok, warn

# Longer than the silence at the beginning of most recordings.
_LISTEN_MS: Final = 700

# Below this even a cheap microphone in a quiet room delivers noise: it is muted or not plugged in.
_DEAD_DBFS: Final = -90.0


def check(settings: Settings, demo: bool) -> Iterator[Finding]:
    """Open the input as the daemon would and listen for a moment."""
    if settings.audio.input.backend == "none":
        yield warn("audio input", "is set to none: the face lives on idle", "Set audio.input.backend to auto")
        return
    try:
        chosen = open_input(settings.audio.input, demo=demo)
    except DeviceBusy as error:
        yield warn("audio input", str(error), "Fine while the daemon runs: it holds the device. Else: " + error.remedy)
        return
    except AudioError as error:
        yield fail("audio input", str(error), error.remedy)
        return
    squares, end_ns = [0.0, 0.0], now_ns() + _LISTEN_MS * NS_PER_MS
    try:
        while now_ns() < end_ns:
            block = chosen.source.read()
            if block is not None:
                squares.append(float(np.mean(np.square(block.frames, dtype=np.float64))))
    except AudioError as error:
        yield fail("audio input", str(error), error.remedy)
        return
    finally:
        chosen.source.close()
    level_dbfs = 10 * np.log10(max(*squares, 1e-12))
    text = f"{chosen.format.description} ({chosen.reason}), {level_dbfs:.0f} dBFS"
    if level_dbfs < _DEAD_DBFS:
        yield warn("audio input", text, "Only silence: is it muted (alsamixer), or the wrong device (arecord -L)?")
    else:
        yield ok("audio input", text)
