"""Which sound source is used, and why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

from visaged import samples
from visaged.audio.backends.alsa import AlsaSource
from visaged.audio.backends.file import FileSource
from visaged.audio.backends.none import NoSource
from visaged.audio.backends.portaudio import PortAudioSource
from visaged.audio.channels.choice import needed_channels
from visaged.audio.decoders.input_file import is_stream
from visaged.audio.errors import AudioError, DeviceMissing
from visaged.audio.source import AudioSource, SourceFormat
from visaged.audio.stream.pipe import network_source, pipe_source
from visaged.config.sound import InputSettings

log = logging.getLogger(__name__)

Maker = Callable[[InputSettings], AudioSource]


def _file_source(settings: InputSettings) -> AudioSource:
    # Samples without a header have no end that a file would tell; they are read as a pipe is.
    if is_stream(settings.path) or settings.raw_format:
        return pipe_source(settings)
    return FileSource(settings.path, settings.block_ms, loop=settings.loop, channel=settings.channel)


MAKERS: dict[str, Maker] = {
    "alsa": lambda settings: AlsaSource(
        settings.device, settings.rate_hz, settings.block_ms, needed_channels(settings.channel)
    ),
    "portaudio": lambda settings: PortAudioSource(
        settings.device, settings.rate_hz, settings.block_ms, needed_channels(settings.channel)
    ),
    "file": _file_source,
    "pipe": lambda settings: pipe_source(settings, make=True),
    "network": network_source,
    "none": lambda settings: NoSource(),
}
"""A new, closed source of each backend."""


class Chosen(NamedTuple):
    """An open source and why it is this one."""

    source: AudioSource
    format: SourceFormat
    reason: str
    stands_in: bool = False
    """Something better was looked for and not there: to be chosen again when sound cards come or go."""


def open_input(
    settings: InputSettings, *, demo: bool = False, used: str | None = None, makers: dict[str, Maker] = MAKERS
) -> Chosen:
    """Open what the settings ask for. Raises AudioError when it cannot be had now: ask again later.

    ``auto``: the file when ``path`` is set, else the ALSA device, else the PortAudio one, else, with ``demo`` (a box
    that nobody has configured), the bundled speech in a loop. A device that is there but busy or not permitted is
    what the user means: it is waited for rather than passed over.

    ``used``: name of the device that worked before (``portaudio:USB Audio``). What PortAudio's default means changes
    when that one is pulled out, so it is asked for by its own name first. Who had a microphone hears no bundled speech.
    """
    if settings.backend == "auto" and settings.path:
        return _open(makers["file"](settings), "audio.input.path is set")
    if settings.backend not in ("auto", "portaudio"):
        return _open(makers[settings.backend](settings), f"audio.input.backend is {settings.backend}")
    absent: list[str] = []
    for backend, device in _devices(settings, used):
        source = makers[backend](settings.model_copy(update={"device": device}))
        why = [*absent, f"audio.input.backend is {settings.backend}"]
        try:
            chosen = _open(source, "; ".join(why))
        except DeviceMissing as error:
            missing = error
            absent.append(f"{backend}: {error}")
            continue
        another = backend == "portaudio" and used not in (None, source.name)
        return chosen._replace(stands_in=another or bool(absent))
    if settings.backend == "portaudio":
        raise missing
    if demo and used is None:
        speech = settings.model_copy(update={"path": str(samples.speech_path()), "loop": True, "channel": "mix"})
        return _open(makers["file"](speech), "no microphone was found, so the bundled speech plays")._replace(
            stands_in=True
        )
    raise DeviceMissing(
        "there is no sound input (" + "; ".join(absent) + ")",
        "Plug in a microphone, or set audio.input.device to a name that 'arecord -L' lists.",
    )


def _devices(settings: InputSettings, used: str | None) -> Iterator[tuple[str, str]]:
    """Backend and device in the order in which they are tried."""
    if settings.backend == "auto":
        yield "alsa", settings.device
    backend, _, device = (used or "").partition(":")
    if backend == "portaudio" and device != settings.device:
        yield backend, device
    yield "portaudio", settings.device


def _open(source: AudioSource, reason: str) -> Chosen:
    try:
        opened = source.open()
    except AudioError:
        source.close()
        raise
    return Chosen(source, opened, reason)
