"""``python -m models.lipsync COMMAND``: build and judge the lip-sync model."""

from __future__ import annotations

import sys
from typing import Final

from models.command_line import Commands, run

COMMANDS: Final[Commands] = {
    "recordings": ("models.lipsync.recordings", "lay out recorded people from clones of public data sets"),
    "kokoro": ("models.lipsync.kokoro", "let the voices of Kokoro speak, as if they were recorded people"),
    "pico": ("models.lipsync.pico", "let the voices of SVOX Pico speak, as if they were recorded people"),
    "rhvoice": ("models.lipsync.rhvoice", "let three voices of RHVoice speak, as if they were recorded people"),
    "corpus": ("models.lipsync.corpus", "let every voice speak, with phone times"),
    "streams": ("models.lipsync.streams", "features and targets of augmented 20 s streams"),
    "train": ("models.lipsync.train", "train the network on the streams"),
    "join": ("models.lipsync.join", "let several trained networks answer together"),
    "export": ("models.lipsync.export", "write the model package"),
    "requantize": ("models.lipsync.requantize", "make a package's 8-bit graph anew from its fp32 graph"),
    "picture": ("models.lipsync.picture", "draw one sentence: spectrogram, phones, target curves"),
    "acceptance-set": ("models.lipsync.evaluate_acceptance", "build the set that solvers are judged on"),
    "evaluate": ("models.lipsync.evaluate", "judge solvers, HeadAudio and Rhubarb on a folder of clips"),
    "strip": ("models.lipsync.evaluate_strip", "draw a strip of faces for a sound"),
}


def main() -> int:
    """Run the command named on the command line; returns its exit status."""
    return run("lipsync", __doc__, COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
