"""Speech in general, as the features measure it. Written by ``python -m models.neurosync statistics``."""

from __future__ import annotations

from typing import Final

SPEECH_LOUDEST_DB: Final = 23.80
"""The loudest mel band of a minute of speech at -20 dBFS, dB."""
SPEECH_MEAN: Final = (
    -434.943,
    141.302,
    2.920,
    22.874,
    33.900,
    14.113,
    -0.602,
    -3.164,
    -3.362,
    2.920,
    -2.591,
    -15.024,
    -3.624,
    -1.538,
    -4.907,
    -2.007,
    -1.071,
    -1.507,
    -3.618,
    0.072,
    0.313,
    -1.614,
    -2.085,
)
"""Of each of the 23 cepstral coefficients, pauses of half a second included."""
SPEECH_DEVIATION: Final = (
    105.652,
    85.462,
    41.628,
    24.648,
    34.685,
    32.504,
    25.011,
    21.770,
    20.251,
    20.296,
    18.764,
    17.737,
    15.374,
    14.034,
    13.392,
    11.759,
    10.721,
    10.096,
    10.714,
    9.225,
    9.027,
    8.291,
    8.615,
)
"""Their standard deviations."""
