"""``python -m models.lipsync strip WAV OUT.png``: a solver's face as a strip of frames with the phones underneath."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from models.lipsync.eval.clip import ClipError, read_clip
from models.lipsync.eval.contenders import ContenderError, default_package, find, run
from models.lipsync.eval.draw import strip
from visaged.face.prosody import ProsodySolver


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("sound", type=Path, metavar="WAV", help="with NAME.json, .lab or .txt beside it for the phones")
    parser.add_argument("picture", type=Path, metavar="OUT.png")
    parser.add_argument("--solver", metavar="NAME", help="as for evaluate (default: the shipped package, else energy)")
    parser.add_argument("--fps", type=float, default=20.0, help="faces per second of sound (default %(default)g)")
    parser.add_argument("--columns", type=int, default=14, help="faces per row (default %(default)d)")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="seconds to leave out at the beginning")
    parser.add_argument(
        "--seconds", type=float, default=4.0, metavar="S", help="how much to draw (default %(default)g)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Draw; returns an exit status."""
    try:
        contender = find(arguments.solver or default_package() or "energy")
        clip = read_clip(arguments.sound)
    except (ContenderError, ClipError) as error:
        print(error, file=sys.stderr)
        return 1
    poses, times_s = run(ProsodySolver(contender.solver), clip.sound)
    wanted_s = np.arange(arguments.start, arguments.start + arguments.seconds, 1.0 / arguments.fps)
    wanted_s = wanted_s[wanted_s <= min(times_s[-1], len(clip.sound) / 48_000)]
    frames = np.clip(np.searchsorted(times_s, wanted_s), 0, len(times_s) - 1)
    title = f"{contender.name}: {clip.text or clip.name}  ({clip.voice}; phones {clip.labels})"
    strip(poses[frames], times_s[frames], clip.phones, title, arguments.columns).save(arguments.picture)
    return 0
