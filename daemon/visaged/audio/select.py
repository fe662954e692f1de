"""Which sound source is used, and why."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from visaged import samples
from visaged.audio.backends.alsa import AlsaSource
from visaged.audio.backends.file import FileSource
from visaged.audio.backends.none import NoSource
from visaged.audio.backends.portaudio import PortAudioSource
from visaged.audio.errors import AudioError, DeviceMissing
from visaged.audio.source import Source, SourceFormat
from visaged.config.schema import InputSettings

log = logging.getLogger(__name__)

Maker = Callable[[InputSettings], Source]

MAKERS: dict[str, Maker] = {
    "alsa": lambda settings: AlsaSource(settings.device, settings.rate_hz, settings.block_ms),
    "portaudio": lambda settings: PortAudioSource(settings.device, settings.rate_hz, settings.block_ms),
    "file": lambda settings: FileSource(settings.path, settings.block_ms, loop=settings.loop),
    "none": lambda settings: NoSource(),
}
"""A new, closed source of each backend."""


class Chosen(NamedTuple):
    """An open source and why it is this one."""

    source: Source
    format: SourceFormat
    reason: str


def open_input(settings: InputSettings, *, demo: bool = False, makers: dict[str, Maker] = MAKERS) -> Chosen:
    """Open what the settings ask for. Raises AudioError when it cannot be had now: ask again later.

    ``auto``: the file when ``path`` is set, else the ALSA device, else the PortAudio one, else, with ``demo`` (a box
    that nobody has configured), the bundled speech in a loop. A device that is there but busy or not permitted is
    what the user means: it is waited for rather than passed over.
    """
    if settings.backend != "auto":
        return _open(makers[settings.backend](settings), f"audio.input.backend is {settings.backend}")
    if settings.path:
        return _open(makers["file"](settings), "audio.input.path is set")
    absent: list[str] = []
    for backend in ("alsa", "portaudio"):
        try:
            return _open(makers[backend](settings), "; ".join([*absent, f"there is a device in {backend}"]))
        except DeviceMissing as error:
            absent.append(f"{backend}: {error}")
    if demo:
        speech = settings.model_copy(update={"path": str(samples.speech_path()), "loop": True})
        return _open(makers["file"](speech), "no microphone was found, so the bundled speech plays")
    raise DeviceMissing(
        "there is no sound input (" + "; ".join(absent) + ")",
        "Plug in a microphone, or set audio.input.device to a name that 'arecord -L' lists.",
    )


def _open(source: Source, reason: str) -> Chosen:
    try:
        opened = source.open()
    except AudioError:
        source.close()
        raise
    return Chosen(source, opened, reason)
