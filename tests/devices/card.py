"""Sound cards for tests: what the microphone hears and the speaker played are files, time is CLOCK_MONOTONIC.

All goes through the real libasound, by the plug-in in ``pcm_paced.c``. ``SoundCards.add`` gives a card; its ``name`` is
an ALSA device name, valid in this process and its children as long as the fixture lives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visaged.audio.pcm import SAMPLE_BYTES, PcmDecoder, encode

SOURCE = Path(__file__).with_name("pcm_paced.c")
REMEDY = "needed to build the test sound card: apt-get install gcc libasound2-dev (make test does it)"


def build(folder: Path) -> Path:
    """Compile the plug-in; returns the shared object. Raises RuntimeError with the remedy."""
    if shutil.which("gcc") is None:
        raise RuntimeError(f"gcc is missing, {REMEDY}")
    library = folder / "libasound_module_pcm_paced.so"
    flags = ["-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-shared", "-fPIC", "-DPIC"]
    done = subprocess.run(
        ["gcc", *flags, "-o", str(library), str(SOURCE), "-lasound"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{REMEDY}\n{done.stderr}")
    return library


@dataclass
class SoundCard:
    """One card. ``control`` is its file of misfortunes; ``nodes`` are in /dev/snd while it is plugged in."""

    name: str
    rate_hz: int
    channels: int
    sample_format: str
    ppm: int
    origin_ns: int
    control: Path
    infile: Path
    outfile: Path
    nodes: tuple[Path, ...]

    def pull_out(self) -> None:
        """Gone: ENODEV."""
        self.control.write_text("g")
        for node in self.nodes:
            node.unlink(missing_ok=True)

    def hold(self) -> None:
        """Opening it says EBUSY."""
        self.control.write_text("b")

    def wedge(self) -> None:
        """It is there, but its time stands still."""
        self.control.write_text("w")

    def put_back(self) -> None:
        """All is well again."""
        self.control.write_text("")
        for node in self.nodes:
            node.touch()

    def hear(self, sound: NDArray[np.float32]) -> None:
        """From now on the room sounds like this; as long as what it was made with, and looping."""
        with self.infile.open("r+b") as file:
            file.write(encode(sound.reshape(-1, self.channels), self.sample_format))

    @property
    def true_rate_hz(self) -> Fraction:
        """How fast its clock really runs."""
        return self.rate_hz * (1 + Fraction(self.ppm, 1_000_000))

    def frame_at(self, time_ns: float) -> float:
        """The frame of the microphone's or speaker's file that sounds at CLOCK_MONOTONIC ``time_ns``."""
        return float((time_ns - self.origin_ns) * self.true_rate_hz / 1_000_000_000)

    def played(self) -> NDArray[np.float32]:
        """What the speaker played, float32 [frames, channels] from ``origin_ns`` on; silence where nothing was."""
        data = self.outfile.read_bytes()
        frame_bytes = SAMPLE_BYTES[self.sample_format] * self.channels
        count = len(data) // frame_bytes
        return PcmDecoder(self.sample_format, self.channels, count).decode(data[: count * frame_bytes]).copy()


class SoundCards:
    """The cards of one test, in one ALSA configuration."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.folder = folder
        self.snd = folder / "snd"
        """What /dev/snd is to the kernel's cards."""
        self._library = library
        self._devices: list[str] = []
        self._cards: list[SoundCard] = []
        self._modified_s = int(time.time())
        self._write()

    def add(
        self,
        name: str,
        sound: NDArray[np.float32] | None = None,
        *,
        rate_hz: int = 48_000,
        channels: int = 1,
        sample_format: str = "S16_LE",
        ppm: int = 0,
        loop: bool = False,
        raw: bool = False,
    ) -> SoundCard:
        """A card that hears ``sound`` (float32 [n] or [n, channels]) from now on; ``None``: it hears silence.

        ``raw``: without ALSA's converting ``plug`` in front, so only the card's own rate, channels and format work.
        """
        infile, outfile, control = (self.folder / f"{name}.{part}" for part in ("heard", "played", "control"))
        frames = np.zeros((1, channels), np.float32) if sound is None else sound.reshape(-1, channels)
        infile.write_bytes(encode(frames, sample_format))
        outfile.touch()
        self.snd.mkdir(exist_ok=True)
        nodes = tuple(self.snd / f"pcmC{len(self._devices)}D0{direction}" for direction in "cp")
        card = SoundCard(
            name, rate_hz, channels, sample_format, ppm, time.monotonic_ns(), control, infile, outfile, nodes
        )
        card.put_back()
        self._cards.append(card)
        inner = (
            f'type paced infile "{infile}" outfile "{outfile}" control "{control}" origin_ns "{card.origin_ns}" '
            f"rate {rate_hz} channels {channels} format {sample_format} ppm {ppm} loop {int(loop)}"
        )
        hint = f'hint {{ show on description "test card {name}" }}'
        body = f"{inner} {hint}" if raw else f"type plug slave.pcm {{ {inner} }} {hint}"
        self._devices.append(f"pcm.!{name} {{ {body} }}\n")
        self._write()
        return card

    @property
    def configuration(self) -> Path:
        """What ALSA_CONFIG_PATH is to name. It stays the same: setenv would pull the environment from under threads."""
        return self.folder / "asound.conf"

    def put_all_back(self) -> None:
        """So that whoever waits for one comes to an end."""
        for card in self._cards:
            card.put_back()

    def _write(self) -> None:
        fresh = self.folder / "asound.new"
        fresh.write_text(
            f'</usr/share/alsa/alsa.conf>\npcm_type.paced {{ lib "{self._library}" }}\n' + "".join(self._devices)
        )
        # libasound re-reads a file when the second of its modification is another.
        self._modified_s += 1
        os.utime(fresh, (self._modified_s, self._modified_s))
        fresh.replace(self.configuration)
