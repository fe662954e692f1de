"""Draws the variants of a comparison one above the other: sound, jaw, lip gap, closures and silences."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np

from models.neurosync.compare import Comparison
from visaged.curves import INDEX
from visaged.face.solver import FRAME_RATE_HZ

mpl.use("Agg")
from matplotlib import pyplot as plt

_SHOWN: Final = ("JawOpen", "MouthClose", "MouthFunnel", "MouthSmileLeft")


def draw(found: Comparison, path: Path, title: str) -> None:
    """Write a PNG. Raises OSError."""
    rows = len(found.curves)
    figure, axes = plt.subplots(rows + 1, 1, figsize=(14, 3 + 2.4 * rows), sharex=True, layout="constrained")
    times_s = np.arange(len(found.marks.loudness_db)) / FRAME_RATE_HZ
    axes[0].fill_between(times_s, np.maximum(found.marks.loudness_db, -60), -60, color="tab:gray", lw=0)
    axes[0].set(ylabel="loudness, dB", title=title)
    for axis, (position, curves) in zip(axes[1:], found.curves.items(), strict=True):
        times_s = np.arange(len(curves)) / FRAME_RATE_HZ
        for name in _SHOWN:
            axis.plot(times_s, curves[:, INDEX[name]], label=name, lw=1.2)
        gap = curves[:, INDEX["JawOpen"]] - curves[:, INDEX["MouthClose"]]
        axis.plot(times_s, gap, color="black", lw=1, ls=":", label="JawOpen − MouthClose")
        for first, end in found.marks.closures:
            axis.axvspan(first / FRAME_RATE_HZ, end / FRAME_RATE_HZ, color="tab:red", alpha=0.15, lw=0)
        score = found.figures[position].score
        best = "  ← recommended" if position == found.best and found.clear else ""
        axis.set(ylabel=f"{position}\nscore {score:.2f}{best}")
    axes[1].legend(loc="upper right", ncols=5, fontsize=8)
    axes[-1].set(xlabel="seconds   (red: p, b, m, where the lips must close)", xlim=(0, len(times_s) / FRAME_RATE_HZ))
    figure.savefig(path, dpi=80)
    plt.close(figure)
