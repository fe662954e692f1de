"""CMU Sphinx's English acoustic model (in the ``pocketsphinx`` package, BSD) as tables for the front end.

A phonetically tied mixture: each of 42 phones has 128 Gaussians in each of three sub-vectors (13 cepstra, deltas,
double deltas) which its three states weigh differently. Only the 126 context-independent states are read.
File formats: SphinxBase ``s3file`` (means, variances) and ``sendump``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

Array = NDArray[np.float32]

PHONES: Final = 42
STATES: Final = 3 * PHONES
GAUSSIANS: Final = 128
STREAMS: Final = 3
CEPSTRA: Final = 13

# sendump keeps log weights as -ln(w) / ln(1.0001) in steps of 1024.
_WEIGHT_STEP: Final = 1024 * np.log(1.0001)
# s3file marks the end of its text header and writes this to show the byte order.
_BYTE_ORDER: Final = 0x11223344
# A few Gaussians were never trained and have a variance of zero; trained ones stay above this.
_VARIANCE_FLOOR: Final = 0.45


@dataclass(frozen=True)
class AcousticModel:
    """log N(x) of Gaussian g = ``square`` x^2 + ``linear`` x + ``constant``; states add weighted Gaussians."""

    square: Array
    """[streams, phones, gaussians, 13]"""
    linear: Array
    constant: Array
    """[streams, phones, gaussians]"""
    log_weights: Array
    """[streams, phones, 3 states, gaussians]"""


def read() -> AcousticModel:
    """The model of the installed ``pocketsphinx`` package. Raises FileNotFoundError, ValueError (another model)."""
    folder = Path(pocketsphinx.get_model_path()) / "en-us" / "en-us"
    means, variances = (_gaussians(folder / name) for name in ("means", "variances"))
    variances = np.maximum(variances, _VARIANCE_FLOOR)
    square = -0.5 / variances
    linear = means / variances
    constant = (-0.5 * (means**2 / variances + np.log(2 * np.pi * variances))).sum(axis=-1)
    return AcousticModel(square, linear, constant, _weights(folder / "sendump"))


def _gaussians(path: Path) -> Array:
    """float32 [streams, phones, gaussians, 13] of ``means`` or ``variances``."""
    data = path.read_bytes()
    start = data.index(b"endhdr\n") + len(b"endhdr\n")
    head = np.frombuffer(data, "<i4", 8, start)
    if head[0] != _BYTE_ORDER or tuple(head[1:4]) != (PHONES, STREAMS, GAUSSIANS):
        raise ValueError(f"{path}: not the 42-phone PTM model of pocketsphinx 5")
    values = np.frombuffer(data, "<f4", PHONES * STREAMS * GAUSSIANS * CEPSTRA, start + 4 * 8)
    return values.reshape(PHONES, STREAMS, GAUSSIANS, CEPSTRA).transpose(1, 0, 2, 3).astype(np.float32)


def _weights(path: Path) -> Array:
    """Log mixture weights float32 [streams, phones, 3, gaussians] of the context-independent states."""
    data = path.read_bytes()
    position = 0
    # Strings, each after its length; a length of 0 ends them. Then the count of rows (Gaussians) and columns (states).
    while True:
        length = int(np.frombuffer(data, "<i4", 1, position)[0])
        position += 4
        if length == 0:
            break
        position += length
    rows, columns = (int(v) for v in np.frombuffer(data, "<i4", 2, position))
    if rows != GAUSSIANS or len(data) != position + 8 + STREAMS * rows * columns:
        raise ValueError(f"{path}: not an unclustered sendump of 128 Gaussians")
    table = np.frombuffer(data, np.uint8, offset=position + 8).reshape(STREAMS, rows, columns)[:, :, :STATES]
    logs = -table.astype(np.float32) * _WEIGHT_STEP
    return logs.transpose(0, 2, 1).reshape(STREAMS, PHONES, 3, GAUSSIANS).astype(np.float32)
