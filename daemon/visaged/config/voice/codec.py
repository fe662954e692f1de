"""The settings of the speech codec and its link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from visaged.config.authority import FILE
from visaged.config.hosts import check_target
from visaged.config.section import Section
from visaged.config.texts import FileName
from visaged.text_form import form


def check_link(link: str) -> str:
    """Return ``link`` when it is one; raises ValueError."""
    if link in ("none", "mqtt"):
        return link
    try:
        if not link.startswith("udp://"):
            raise ValueError
        check_target(link.removeprefix("udp://"))
    except ValueError:
        raise ValueError("expected none, mqtt or udp://HOST:PORT, such as udp://192.168.1.30:5004") from None
    return link


class CodecSettings(Section):
    """Voice as tokens: up to a brain elsewhere and back."""

    enabled: Annotated[bool, FILE] = Field(
        default=False, description="Allow mode converse, in which what the microphone hears leaves this box"
    )
    model: Annotated[str, form(r"^[A-Za-z0-9._-]{1,64}$", "1 to 64 letters, digits, '.', '_' and '-'")] = Field(
        default="mimi",
        description="Name of the codec; its packages are NAME-encoder and NAME-decoder",
    )
    codebooks: int = Field(default=8, ge=1, le=32, description="Indices per 80 ms frame; both sides have the same")
    link: Annotated[str, AfterValidator(check_link), FILE] = Field(
        default="none", description="The way to the brain: none, mqtt (topics codec/up, codec/down) or udp://HOST:PORT"
    )
    port: Annotated[int, FILE] = Field(
        default=0, ge=0, le=65535, description="UDP port to receive on; 0: any that is free"
    )
    key_file: Annotated[FileName, FILE] = Field(
        default="",
        description="File with the key that a udp:// link and its brain share; empty: systemd credential codec_key",
    )
    jitter_max_ms: float = Field(
        default=240.0, ge=40, le=2000, description="How long the answer may be held back to even out the network, ms"
    )
    ahead_s: float = Field(
        default=2.0, ge=0.4, le=8, description="How much of an answer may come ahead of its time, s; more is dropped"
    )
    vad: Literal["silero", "level", "off"] = Field(
        default="silero", description="What tells speech: silero: a network. level: loudness. off: all is speech"
    )
    vad_level_dbfs: float = Field(default=-55.0, ge=-90, le=0, description="Below this nobody speaks, dBFS")
    hang_over_ms: float = Field(default=480.0, ge=32, le=5000, description="Speech is over after this much silence, ms")
    silence: Literal["stop", "send"] = Field(
        default="stop", description="stop: only speech is sent. send: silence, too, marked as such"
    )
    barge_in_ms: float = Field(
        default=400.0, ge=0, le=10_000, description="A guest who talks over the avatar this long stops it, ms; 0: never"
    )
    echo: Literal["auto", "cancel", "gate", "none"] = Field(
        default="auto",
        description="Own voice in the microphone: cancel it (needs visaged[clean]), gate: deaf while speaking (no "
        "barge-in), none: there is none; auto: cancel where installed, else gate",
    )
    noise_suppression: bool = Field(
        default=False, description="Take the room's noise out of what goes up (needs visaged[clean])"
    )
