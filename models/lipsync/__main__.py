"""``python -m models.lipsync COMMAND``: build and judge the lip-sync model."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Final

COMMANDS: Final = {
    "recordings": ("models.lipsync.recordings", "lay out recorded people from clones of public data sets"),
    "corpus": ("models.lipsync.corpus", "let every voice speak, with phone times"),
    "streams": ("models.lipsync.streams", "features and targets of augmented 20 s streams"),
    "train": ("models.lipsync.train", "train the network on the streams"),
    "export": ("models.lipsync.export", "write the model package"),
    "picture": ("models.lipsync.picture", "draw one sentence: spectrogram, phones, target curves"),
    "acceptance-set": ("models.lipsync.evaluate_acceptance", "build the set that solvers are judged on"),
    "evaluate": ("models.lipsync.evaluate", "judge solvers, HeadAudio and Rhubarb on a folder of clips"),
    "strip": ("models.lipsync.evaluate_strip", "draw a strip of faces for a sound"),
}
"""Command -> (module with ``add_arguments(parser)`` and ``main(arguments) -> status``, help). Loaded when asked for."""


def main() -> int:
    """Run the command named on the command line; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m models.lipsync", description=__doc__)
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, about) in COMMANDS.items():
        command = commands.add_parser(name, help=about)
        # torch and pocketsphinx are slow to load: only the command asked for is.
        if name == chosen:
            importlib.import_module(module).add_arguments(command)
    arguments = parser.parse_args()
    status: int = importlib.import_module(COMMANDS[arguments.command][0]).main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
