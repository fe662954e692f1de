"""Draws one sentence: spectrogram, phones, and the target curves that the phones make."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from models.lipsync import flite
from models.lipsync.augment import loudness
from models.lipsync.coarticulation import Mouth, mouth
from models.lipsync.phones import BILABIALS, LABIODENTALS, ROUNDED, SILENCE, Phone
from models.lipsync.utterance import RATE_HZ
from models.lipsync.visemes import CHANNELS

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

DOCS: Final = Path(__file__).parents[2] / "docs" / "lipsync-curves.png"
SENTENCE: Final = "My brave uncle bought five blue shoes above the shop."
_VOICE: Final = "rms"
_COLOURS: Final = {"lips closed": "tab:red", "lip on teeth": "tab:orange", "rounded": "tab:blue"}


def draw(out: Path) -> None:
    """Write the picture (PNG) to ``out``."""
    said = flite.speak(_VOICE, SENTENCE, "picture")
    times_s = np.arange(int(len(said.sound) / RATE_HZ * 240)) / 240
    shown = mouth(said.phones, times_s, _loudness_db(said.sound, times_s))
    figure, (top, low, lips) = plt.subplots(
        3, 1, figsize=(14, 8), sharex=True, height_ratios=(2, 1.6, 1.6), layout="constrained"
    )
    top.specgram(said.sound, NFFT=512, noverlap=448, Fs=RATE_HZ, cmap="Greys", vmin=-140, vmax=-40)
    top.set(
        ylim=(0, 8000), ylabel="Hz", title=f"“{SENTENCE}” — target curves of models/lipsync (voice: flite {_VOICE})"
    )
    _name_phones(top, said.phones)
    _plot(low, times_s, shown, ("JawOpen", "MouthFunnel", "MouthPucker", "MouthStretch", "MouthLowerDown"))
    close = shown.channels[:, 0] * shown.closure
    lips.plot(times_s, close, color="tab:red", label="MouthClose")
    lips.plot(times_s, shown.channels[:, 0] - close, color="black", lw=1, ls=":", label="JawOpen − MouthClose")
    _plot(lips, times_s, shown, ("MouthPress", "MouthRollLower", "MouthUpperUp"))
    for axis in (low, lips):
        _shade(axis, said.phones)
        axis.legend(loc="upper right", ncols=5, fontsize=8)
        axis.set(ylim=(0, None), xlim=(0, times_s[-1]))
    lips.set(xlabel="seconds   (shaded: " + ", ".join(f"{c.split(':')[1]} = {n}" for n, c in _COLOURS.items()) + ")")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=80)
    plt.close(figure)


def _plot(axis: Axes, times_s: NDArray[np.float64], shown: Mouth, names: tuple[str, ...]) -> None:
    for name in names:
        axis.plot(times_s, shown.channels[:, CHANNELS.index(name)], label=name, lw=1.4)


def _name_phones(axis: Axes, phones: list[Phone]) -> None:
    for phone in phones:
        axis.axvline(phone.start_s, color="tab:blue", lw=0.5, alpha=0.6)
        if phone.symbol != SILENCE:
            axis.text((phone.start_s + phone.end_s) / 2, 7500, phone.symbol, ha="center", fontsize=8, color="tab:blue")


def _shade(axis: Axes, phones: list[Phone]) -> None:
    for phone in phones:
        for members, colour in zip((BILABIALS, LABIODENTALS, ROUNDED), _COLOURS.values(), strict=True):
            if phone.symbol in members:
                axis.axvspan(phone.start_s, phone.end_s, color=colour, alpha=0.12, lw=0)


def _loudness_db(sound: NDArray[np.float32], times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    power = np.convolve(sound**2, np.ones(3600) / 3600, "same")
    at = power[np.minimum((times_s * RATE_HZ).astype(int), len(sound) - 1)]
    return np.clip(10 * np.log10(at / max(loudness(sound), 1e-4) ** 2 + 1e-6), -20, 8).astype(np.float32)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--out", type=Path, default=DOCS, metavar="FILE", help="default %(default)s")


def main(arguments: argparse.Namespace) -> int:
    """Draw; returns an exit status."""
    draw(arguments.out)
    print(arguments.out)
    return 0
