"""``python -m models.lipsync acceptance-set DIR``: build the acceptance set on this machine."""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from itertools import chain
from pathlib import Path

from models.lipsync.eval import acceptance
from models.lipsync.eval.clip import write
from models.lipsync.phones import BILABIALS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to write VOICE/NAME.wav and .json")
    parser.add_argument(
        "--cache", type=Path, default=Path(".cache/lipsync-eval"), help="downloads (default %(default)s)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Write the set; returns an exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    clips: Counter[str] = Counter()
    bilabials: Counter[str] = Counter()
    parts = chain(acceptance.synthetic(), acceptance.people(arguments.cache), acceptance.nobody())
    for clip in parts:
        write(clip, arguments.folder)
        clips[clip.voice] += 1
        bilabials[clip.voice] += sum(p.symbol in BILABIALS for p in clip.phones)
    for voice, count in clips.items():
        print(f"{voice}: {count} clips, {bilabials[voice]} p/b/m")
    return 0
