"""The section ``audio``: where the voice comes from, and where it is heard."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from visaged.config.authority import FILE
from visaged.config.section import Section
from visaged.config.texts import FileName, Text

MAX_CHANNELS: Final = 32
"""Channels of one input: the largest mixing desks with USB have as many."""

# How FFmpeg and PulseAudio call what ALSA calls otherwise.
_OTHER_NAMES: Final = {
    "S16LE": "S16_LE",
    "S24LE": "S24_3LE",
    "S32LE": "S32_LE",
    "F32LE": "FLOAT_LE",
    "FLOAT32LE": "FLOAT_LE",
    "FLOAT": "FLOAT_LE",
    "U8": "U8",
}


def _check_channel(value: Any) -> Any:
    """``mix``, one channel, or a list without doubles; raises ValueError."""
    channels = value if isinstance(value, (list, tuple)) else [value]
    if value == "mix":
        return value
    whole = all(isinstance(channel, int) and not isinstance(channel, bool) for channel in channels)
    if not whole or not channels or len(set(channels)) < len(channels) or not set(channels) <= _CHANNELS:
        raise ValueError(f"expected 'mix', a channel from 1 to {MAX_CHANNELS}, or a list of them, such as [1, 2]")
    return value


_CHANNELS: Final = frozenset(range(1, MAX_CHANNELS + 1))

Channel = Annotated[Literal["mix"] | int | list[int], BeforeValidator(_check_channel)]
"""Which channels of an input are the voice; several are averaged."""


def _usual_name(value: Any) -> Any:
    """ALSA's name of a sample format, by whatever name it was called."""
    name = value.strip().upper() if isinstance(value, str) else value
    return _OTHER_NAMES.get(name, name) if isinstance(name, str) else value


class InputSettings(Section):
    """Where the voice comes from."""

    backend: Annotated[Literal["auto", "alsa", "portaudio", "file", "pipe", "network", "none"], FILE] = Field(
        default="auto",
        description="auto: the file when path is set, else a microphone where there is one, else the bundled speech. "
        "pipe: other programs write to path. network: the HTTP API, /stream/voice",
    )
    # ALSA's plug-ins "file" and "tee" write files and start programs: a name of a device can say either.
    device: Annotated[Text, FILE] = Field(default="default", description="ALSA name (arecord -L) or PortAudio name")
    channel: Channel = Field(
        default="mix", description="mix: all channels are averaged; 1: the first alone; [1, 2]: these are averaged"
    )
    rate_hz: int = Field(
        default=48_000,
        ge=8_000,
        le=192_000,
        description="Rate to open the device at, Hz; with raw_format, of the sound",
    )
    block_ms: int = Field(default=10, ge=2, le=100, description="Length of one capture block, ms; part of the latency")
    gain_db: float = Field(default=0.0, ge=-60, le=60, description="Gain applied to the voice, dB")
    may_be_silent: bool = Field(
        default=False,
        description="A digital line: absolute silence is no fault. false: after 10 s of it a microphone is a problem",
    )
    path: Annotated[FileName, FILE] = Field(
        default="",
        description="Sound file for backend file (WAV, FLAC, OGG, MP3); FIFO for backend pipe, made if missing, or -",
    )
    loop: bool = Field(default=False, description="Start the file again when it ends")
    raw_format: Annotated[
        Literal["", "S16_LE", "S24_3LE", "S24_LE", "S32_LE", "FLOAT_LE", "U8"], BeforeValidator(_usual_name)
    ] = Field(default="", description="Samples of path, when they come without a header: S16_LE …; empty: with one")
    raw_channels: int = Field(default=1, ge=1, le=MAX_CHANNELS, description="With raw_format: channels of the sound")


class OutputSettings(Section):
    """Where the voice is heard, delayed so that it meets the face."""

    backend: Annotated[Literal["none", "alsa", "portaudio"], FILE] = Field(
        default="none", description="none: nothing is played"
    )
    device: Annotated[Text, FILE] = Field(default="default", description="ALSA name (aplay -L) or PortAudio name")
    delay_ms: Literal["auto"] | Annotated[float, Field(ge=0, le=2000)] = Field(
        default="auto", description="Voice to speaker, ms; auto: as long as voice to packet takes"
    )


class AudioSettings(Section):
    """Sound in and out."""

    input: InputSettings = InputSettings()
    output: OutputSettings = OutputSettings()
